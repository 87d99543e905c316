#include "platform/text/base64.h"

#include <array>

namespace latchkey::text {
namespace {

constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kForeign = 0xff;

using Table = std::array<std::uint8_t, 256>;

constexpr Table reversed(std::string_view alphabet) {
  Table table;
  table.fill(kForeign);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr Table kUrlValues = reversed(kUrl);
constexpr Table kStandardValues = reversed(kStandard);

std::string encode(std::string_view alphabet, const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  text.reserve((size * 4 + 2) / 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bits = bits << 8 | bytes[i];
    for (held += 8; held >= 6;) {
      held -= 6;
      text.push_back(alphabet[bits >> held & 63]);
    }
  }
  if (held > 0) text.push_back(alphabet[bits << (6 - held) & 63]);
  return text;
}

// The number of bytes that `chars` characters without padding hold, if any number does.
constexpr std::optional<std::size_t> decoded_size(std::size_t chars) {
  if (chars % 4 == 1) return std::nullopt;
  return chars / 4 * 3 + chars % 4 * 6 / 8;
}

// `out` must have room for decoded_size(text.size()).
bool decode(const Table& values, std::string_view text, std::uint8_t* out) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
    if (value == kForeign) return false;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      *out++ = static_cast<std::uint8_t>(bits >> held);
    }
  }
  return (bits & ((1U << held) - 1)) == 0;
}

std::optional<std::string> decode(const Table& values, std::string_view text) {
  const auto size = decoded_size(text.size());
  if (!size) return std::nullopt;
  std::string bytes(*size, '\0');
  if (!decode(values, text, reinterpret_cast<std::uint8_t*>(bytes.data()))) return std::nullopt;
  return bytes;
}

}  // namespace

std::string encode_base64url(std::span<const std::uint8_t> bytes) {
  return encode(kUrl, bytes.data(), bytes.size());
}

std::string encode_base64url(std::string_view bytes) {
  return encode(kUrl, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::optional<std::string> decode_base64url(std::string_view text) {
  return decode(kUrlValues, text);
}

bool decode_base64url(std::string_view text, std::span<std::uint8_t> out) {
  return decoded_size(text.size()) == out.size() && decode(kUrlValues, text, out.data());
}

std::string encode_base64(std::string_view bytes) {
  std::string text =
      encode(kStandard, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(kStandardValues, text);
}

std::optional<std::string> decode_base64_in_lines(std::string_view text) {
  std::string whole(text);
  std::erase_if(whole, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return decode_base64(whole);
}

}  // namespace latchkey::text
