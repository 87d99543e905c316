#include "platform/text/ulid.h"

#include <array>
#include <cstddef>

namespace latchkey::text {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 13;  // 65 bits, the first always 0
constexpr std::uint8_t kForeign = 0xff;

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(kAlphabet[i]);
    values[c] = static_cast<std::uint8_t>(i);
    if (c >= 'A') values[c | 0x20] = static_cast<std::uint8_t>(i);
  }
  values['o'] = values['O'] = 0;
  values['i'] = values['I'] = values['l'] = values['L'] = 1;
  return values;
}();

}  // namespace

std::string format_id(std::uint64_t id) {
  std::string text(kLength, '0');
  for (std::size_t at = kLength; at-- > 0; id >>= 5) text[at] = kAlphabet[id & 31];
  return text;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  std::uint64_t id = 0;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<std::uint8_t>(c)];
    if (value == kForeign || id >> 59 != 0) return std::nullopt;
    id = id << 5 | value;
  }
  return id;
}

}  // namespace latchkey::text
