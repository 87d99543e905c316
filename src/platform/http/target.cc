#include "platform/http/target.h"

#include <algorithm>
#include <array>

#include "platform/http/field.h"

namespace latchkey::http {
namespace {

// The rest of "http://authority/path?query" from the path on.
std::optional<std::string_view> after_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_name(text.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (end == 0 || !valid_host(rest.substr(0, end))) return std::nullopt;
    return rest.substr(end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Target> parse_target(Method method, std::string_view text) {
  static constexpr text::CharacterSet chars{[](char c) { return c > ' ' && c < 0x7f && c != '#'; }};
  const auto good = [](char c) { return chars.contains(c); };
  if (text.empty() || !std::ranges::all_of(text, good)) return std::nullopt;
  if (method == Method::options && text == "*") return Target{text, text, {}};
  if (text.front() != '/') {
    const auto rest = after_authority(text);
    if (!rest) return std::nullopt;
    text = *rest;
  }
  const auto mark = text.find('?');
  Target target{text, text.substr(0, mark), {}};
  if (mark != text.npos) target.query = text.substr(mark + 1);
  if (target.path.empty()) target.path = "/";
  return target;
}

bool valid_host(std::string_view host) {
  static constexpr text::CharacterSet chars{[](char c) {
    return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:%[]").contains(c);
  }};
  return std::ranges::all_of(host, [](char c) { return chars.contains(c); });
}

}  // namespace latchkey::http
