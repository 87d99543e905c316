#include "domain/oauth/scope.h"

#include <algorithm>
#include <ranges>

#include "domain/sessions/standing.h"

namespace latchkey::oauth {
namespace {

// Stable names, and those of MSC2967 that clients used before.
constexpr std::string_view kApi[] = {"urn:matrix:client:api:*",
                                     "urn:matrix:org.matrix.msc2967.client:api:*"};
constexpr std::string_view kDevice[] = {"urn:matrix:client:device:",
                                        "urn:matrix:org.matrix.msc2967.client:device:"};
constexpr std::string_view kAdmin[] = {sessions::kSynapseAdminScope,
                                       sessions::kServerAdministrationScope};

// As long as POST /login takes them.
constexpr std::size_t kLongestDeviceId = 255;

// RFC 3986 section 2.3.
bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// What the tokens ask for, whether it makes a scope or not.
std::expected<Scope, std::string> read_tokens(std::string_view text) {
  Scope scope;
  for (const auto part : std::views::split(text, ' ')) {
    const std::string_view token(part.begin(), part.end());
    if (token == "openid") scope.openid = true;
    if (token == "email") scope.email = true;
    if (token == "profile") scope.profile = true;
    if (std::ranges::find(kApi, token) != std::end(kApi)) {
      scope.matrix = true;
      scope.api_token = token;
    }
    for (const std::string_view prefix : kDevice) {
      if (!token.starts_with(prefix)) continue;
      const std::string_view id = token.substr(prefix.size());
      if (!scope.device_id.empty() && scope.device_id != id) {
        return std::unexpected("scope: more than one device; a session has exactly one");
      }
      if (id.empty() || id.size() > kLongestDeviceId || !std::ranges::all_of(id, unreserved)) {
        return std::unexpected(
            "scope: the device ID must have 1 to 255 letters, digits or any of -._~");
      }
      scope.device_id = id;
      scope.device_token = token;
    }
  }
  // In one order, whatever was asked for.
  for (const std::string_view token : kAdmin) {
    if (!sessions::names_token(text, token)) continue;
    scope.admin_tokens.append(scope.admin ? " " : "").append(token);
    scope.admin = true;
  }
  return scope;
}

}  // namespace

std::string Scope::text() const {
  std::string text;
  const auto add = [&text](std::string_view token) {
    text.append(text.empty() ? "" : " ").append(token);
  };
  if (openid) add("openid");
  if (email) add("email");
  if (profile) add("profile");
  if (matrix) {
    add(api_token);
    add(device_token);
  }
  if (admin) add(admin_tokens);
  return text;
}

std::expected<Scope, std::string> read_scope(std::string_view text) {
  auto read = read_tokens(text);
  if (!read) return read;
  const Scope& scope = *read;
  if (scope.matrix && scope.device_id.empty()) {
    return std::unexpected(
        "scope: urn:matrix:client:api:* needs exactly one urn:matrix:client:device:<device_id>");
  }
  if (!scope.matrix && !scope.device_id.empty()) {
    return std::unexpected("scope: a device needs urn:matrix:client:api:* beside it");
  }
  if (!scope.matrix && !scope.openid) {
    return std::unexpected("scope: expected urn:matrix:client:api:* with a device, or openid");
  }
  return read;
}

bool widens(std::string_view asked, std::string_view granted) {
  const auto has = read_scope(granted);
  if (!has) return false;
  const auto wants = read_tokens(asked);
  if (!wants) return true;  // another device, or none that there could be
  return (wants->openid && !has->openid) || (wants->email && !has->email) ||
         (wants->profile && !has->profile) || (wants->admin && !has->admin) ||
         (wants->matrix && !has->matrix) ||
         (!wants->device_id.empty() && wants->device_id != has->device_id);
}

std::string_view without_admin(std::string_view text) {
  // They are the last, in this order.
  for (const std::string_view token : kAdmin | std::views::reverse) {
    if (!text.ends_with(token)) continue;
    text.remove_suffix(token.size());
    if (text.ends_with(' ')) text.remove_suffix(1);
  }
  return text;
}

}  // namespace latchkey::oauth
