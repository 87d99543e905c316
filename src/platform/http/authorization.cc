#include "platform/http/authorization.h"

#include <algorithm>
#include <utility>

#include "platform/http/field.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"

namespace latchkey::http {
namespace {

struct Credentials {
  std::string_view scheme;
  std::string_view rest;  // without the spaces before it
};

// The one Authorization field, cut into scheme and rest; nullopt when there is none.
std::expected<std::optional<Credentials>, AuthorizationError> credentials(
    std::span<const Header> headers) {
  const Header* found = nullptr;
  for (const Header& header : headers) {
    if (!same_name(header.name, "Authorization")) continue;
    if (found) return std::unexpected(AuthorizationError::repeated);
    found = &header;
  }
  if (!found) return std::nullopt;
  const std::string_view value = found->value;
  const auto end = std::min(value.find(' '), value.size());
  const std::string_view scheme = value.substr(0, end);
  if (scheme.empty() || !std::ranges::all_of(scheme, is_token_char)) {
    return std::unexpected(AuthorizationError::malformed);
  }
  const auto begin = std::min(value.find_first_not_of(' ', end), value.size());
  return Credentials{scheme, value.substr(begin)};
}

// token68 of RFC 9110 section 11.2.
bool is_token68(std::string_view text) {
  const auto padding = std::min(text.find('='), text.size());
  static constexpr text::CharacterSet alphabet{
      [](char c) { return is_alphanumeric(c) || std::string_view("-._~+/").contains(c); }};
  const auto in_alphabet = [](char c) { return alphabet.contains(c); };
  return padding > 0 && std::ranges::all_of(text.substr(0, padding), in_alphabet) &&
         text.find_first_not_of('=', padding) == text.npos;
}

constexpr text::CharacterSet kVisible{[](char c) { return c > ' ' && c <= '~'; }};

bool is_visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kVisible.contains(c); });
}

// What follows the scheme in the one field with it, if it looks as it must.
std::expected<std::optional<std::string_view>, AuthorizationError> token_of(
    std::string_view scheme, bool (*good)(std::string_view), std::span<const Header> headers) {
  const auto given = credentials(headers);
  if (!given) return std::unexpected(given.error());
  if (!*given || !same_name((*given)->scheme, scheme)) return std::nullopt;
  if (!good((*given)->rest)) return std::unexpected(AuthorizationError::malformed);
  return (*given)->rest;
}

}  // namespace

std::expected<std::optional<std::string_view>, AuthorizationError> bearer_token(
    std::span<const Header> headers) {
  return token_of("Bearer", is_visible, headers);
}

std::expected<std::optional<ClientCredentials>, AuthorizationError> basic_credentials(
    std::span<const Header> headers) {
  const auto token = token_of("Basic", is_token68, headers);
  if (!token) return std::unexpected(token.error());
  if (!*token) return std::nullopt;
  const auto pair = text::decode_base64(**token);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::unexpected(AuthorizationError::malformed);
  auto id = percent_decode(std::string_view(*pair).substr(0, colon), Plus::space);
  auto secret = percent_decode(std::string_view(*pair).substr(colon + 1), Plus::space);
  if (!id || !secret) return std::unexpected(AuthorizationError::malformed);
  return ClientCredentials{std::move(*id), std::move(*secret)};
}

}  // namespace latchkey::http
