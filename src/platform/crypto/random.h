#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Randomness fit for keys and tokens.
namespace latchkey::crypto {

inline constexpr std::string_view kLowerCase = "abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kUpperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
inline constexpr std::string_view kLowerCaseDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
inline constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void random_fill(std::span<std::uint8_t> out);
std::uint64_t random_uint64();

template <std::size_t N>
std::array<std::uint8_t, N> random_array() {
  std::array<std::uint8_t, N> out;
  random_fill(out);
  return out;
}

// `size` characters of `alphabet` (1 to 256 of them), each as likely as the others.
std::string random_text(std::string_view alphabet, std::size_t size);

}  // namespace latchkey::crypto
