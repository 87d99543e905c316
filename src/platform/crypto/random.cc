#include "platform/crypto/random.h"

#include <cstdlib>
#include <stdexcept>

namespace latchkey::crypto {

// The kernel's generator, by one system call: half of what OpenSSL's takes for a few bytes, and it
// is nobody's to seed. The C library ends the process where the kernel has none.
void random_fill(std::span<std::uint8_t> out) {
  if (!out.empty()) arc4random_buf(out.data(), out.size());
}

std::uint64_t random_uint64() {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : random_array<8>()) value = value << 8 | byte;
  return value;
}

std::string random_text(std::string_view alphabet, std::size_t size) {
  if (alphabet.empty() || alphabet.size() > 256) {
    throw std::invalid_argument("an alphabet has 1 to 256 characters");
  }
  // Bytes past the last whole multiple would make the first characters likelier.
  const std::size_t usable = 256 - 256 % alphabet.size();
  std::string text;
  text.reserve(size);
  while (text.size() < size) {
    for (const std::uint8_t byte : random_array<32>()) {
      if (byte < usable && text.size() < size) text.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  return text;
}

}  // namespace latchkey::crypto
