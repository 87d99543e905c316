#include "platform/crypto/sha512.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace latchkey::crypto {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> digest(std::string_view bytes, const EVP_MD* algorithm) {
  std::array<std::uint8_t, Size> out;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, algorithm, nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute SHA-2");
  }
  return out;
}

}  // namespace

std::array<std::uint8_t, 48> sha384(std::string_view bytes) {
  return digest<48>(bytes, EVP_sha384());
}

std::array<std::uint8_t, 64> sha512(std::string_view bytes) {
  return digest<64>(bytes, EVP_sha512());
}

}  // namespace latchkey::crypto
