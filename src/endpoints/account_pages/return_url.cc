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
constexpr std::string_view kRefused[] = {"javascript", "data",        "vbscript",   "file", "blob",
                                         "about",      "view-source", "filesystem", "ws",   "wss"};

}  // namespace

std::optional<ReturnUrl> read_return_url(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->has_userinfo()) return std::nullopt;
  std::string scheme(parsed->scheme());
  std::ranges::transform(scheme, scheme.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  if (std::ranges::find(kRefused, scheme) != std::end(kRefused)) return std::nullopt;
  if (scheme != "http" && scheme != "https") {
    return ReturnUrl{std::string(text), scheme + ":", scheme + ":"};
  }
  std::string host(parsed->encoded_host());
  if (host.empty() || host.find_first_not_of(kHostCharacters) != std::string::npos) {
    return std::nullopt;
  }
  const bool is_ipv6 = host.starts_with('[');  // which a host-source cannot name
  if (parsed->has_port()) host.append(":").append(parsed->port());
  return ReturnUrl{std::string(text), host, is_ipv6 ? scheme + ":" : scheme + "://" + host};
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
