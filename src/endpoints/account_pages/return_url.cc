#include "endpoints/account_pages/return_url.h"

#include <algorithm>
#include <boost/url/parse.hpp>

#include "endpoints/pages/next.h"
#include "platform/http/percent.h"

namespace latchkey::account_pages {
namespace {

constexpr std::size_t kLongest = 2048;
// Of names, and of addresses; others stand for none that a browser finds.
constexpr std::string_view kHostCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:[]";
// The token must not cross a network in clear: http stays on this machine, as with OAuth 2.0
// clients.
constexpr std::string_view kLoopback[] = {"localhost", "127.0.0.1", "[::1]"};
// Schemes of apps on this device have a dot (RFC 8252 section 7.1): those without one lead to
// programs of every kind, some of which send on what they are given. Except the apps for Matrix
// that were there before this was known.
constexpr std::string_view kAppsWithoutDot[] = {"element", "fluffychat", "syphon", "trixnity"};

template <std::size_t N>
bool is_one_of(const std::string_view (&known)[N], std::string_view text) {
  return std::ranges::find(known, text) != std::end(known);
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

bool is_of_an_app(std::string_view scheme) {
  return scheme.contains('.') || is_one_of(kAppsWithoutDot, scheme);
}

}  // namespace

std::optional<ReturnUrl> read_return_url(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->has_userinfo()) return std::nullopt;
  // The parser takes 127.0.0.1.example for the address and a path behind it; a browser does not.
  const std::string_view path = parsed->encoded_path();
  if (parsed->has_authority() && !path.empty() && !path.starts_with('/')) return std::nullopt;
  const std::string scheme = in_lower_case(parsed->scheme());
  if (scheme != "http" && scheme != "https") {
    if (!is_of_an_app(scheme)) return std::nullopt;
    return ReturnUrl{std::string(text), scheme + ":"};
  }
  std::string host(parsed->encoded_host());
  if (host.empty() || host.find_first_not_of(kHostCharacters) != std::string::npos) {
    return std::nullopt;
  }
  if (scheme == "http" && !is_one_of(kLoopback, in_lower_case(host))) {
    return std::nullopt;
  }
  if (parsed->has_port()) host.append(":").append(parsed->port());
  return ReturnUrl{std::string(text), host};
}

std::string ReturnUrl::with_login_token(std::string_view token) const {
  const std::size_t fragment = std::min(url.find('#'), url.size());
  std::string result = url.substr(0, fragment);
  result.push_back(result.contains('?') ? '&' : '?');
  return result.append("loginToken=")
      .append(http::percent_encode(token))
      .append(url.substr(fragment));
}

}  // namespace latchkey::account_pages
