#include "endpoints/pages/cookie.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "platform/crypto/hash.h"
#include "platform/http/field.h"
#include "platform/text/base64.h"

namespace latchkey::pages {
namespace {

constexpr std::string_view kCsrfLabel = "latchkey form ";
constexpr std::size_t kMostCookies = 100;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), http::to_lower);
  return result;
}

// Until `see(name, value)` says false.
template <class See>
void each_cookie(const http::Request& request, const See& see) {
  for (const http::Header& header : request.headers) {
    if (!http::same_name(header.name, "Cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const auto semicolon = rest.find(';');
      const std::string_view pair = http::trim(rest.substr(0, semicolon));
      rest.remove_prefix(semicolon == rest.npos ? rest.size() : semicolon + 1);
      const auto equals = pair.find('=');
      if (equals == pair.npos) continue;
      if (!see(pair.substr(0, equals), pair.substr(equals + 1))) return;
    }
  }
}

}  // namespace

std::string cookie_name(const http::PublicUrl& site, std::string_view suffix) {
  return fmt::format("{}latchkey{}", site.secure() ? "__Host-" : "", suffix);
}

std::string_view cookie_value(const http::Request& request, std::string_view name) {
  std::string_view value;
  each_cookie(request, [&](std::string_view found, std::string_view has) {
    if (found != name) return true;
    value = has;
    return false;
  });
  return value;
}

std::vector<std::string_view> cookies_named(const http::Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  each_cookie(request, [&](std::string_view found, std::string_view value) {
    const bool named =
        found.starts_with(name) && (found.size() == name.size() || found[name.size()] == '-');
    if (named && !value.empty()) values.push_back(value);
    return values.size() < kMostCookies;
  });
  return values;
}

std::string set_cookie(const http::PublicUrl& site, std::string_view name, std::string_view value,
                       std::optional<std::chrono::seconds> age) {
  std::string cookie = fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax", name, value);
  if (site.secure()) cookie += "; Secure";
  if (age) cookie += fmt::format("; Max-Age={}", age->count());
  return cookie;
}

std::string csrf_value(std::string_view cookie, std::string_view whose) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(cookie.data());
  crypto::HmacSha256 mac(std::span(bytes, cookie.size()));
  return text::encode_base64url(mac.mac(std::string(kCsrfLabel).append(whose)));
}

bool from_elsewhere(const http::PublicUrl& site, const http::Request& request) {
  const std::string_view site_of_page = request.header("Sec-Fetch-Site");
  if (!site_of_page.empty() && site_of_page != "same-origin" && site_of_page != "none") return true;
  const std::string_view origin = request.header("Origin");
  return !origin.empty() && origin != "null" && lower(origin) != site.origin();
}

}  // namespace latchkey::pages
