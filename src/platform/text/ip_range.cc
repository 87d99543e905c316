#include "platform/text/ip_range.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <string>

namespace latchkey::text {
namespace {

constexpr unsigned kMappedBits = 96;
constexpr IpBytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<IpBytes> parse_ip(std::string_view text) {
  if (text.contains('\0')) return std::nullopt;
  const std::string terminated(text);
  IpBytes bytes = kMapped;
  if (inet_pton(AF_INET, terminated.c_str(), &bytes[kMappedBits / 8]) == 1) return bytes;
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool is_v4 = !text.contains(':');
  const unsigned longest = is_v4 ? 32 : 128;
  unsigned prefix = longest;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, prefix);
    if (parsed.ec != std::errc{} || parsed.ptr != end || prefix > longest) return std::nullopt;
  }
  return IpRange{*address, is_v4 ? prefix + kMappedBits : prefix};
}

bool IpRange::contains(const IpBytes& address) const {
  const std::size_t whole = prefix / 8;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> (prefix % 8));
  return std::memcmp(bytes.data(), address.data(), whole) == 0 &&
         (whole == bytes.size() || ((bytes[whole] ^ address[whole]) & mask) == 0);
}

}  // namespace latchkey::text
