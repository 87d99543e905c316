#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The grants of the token endpoint (RFC 6749 section 1.3), in one table. From it come what clients
// may register, what the configuration may name, what the metadata list and what the token endpoint
// reads; what each does is in endpoints/oauth/token.cc.
namespace latchkey::clients {

enum class Grant { authorization_code, refresh_token, device_code };

struct GrantType {
  Grant grant;
  std::string_view name;  // as requests and registrations call it
  bool open;              // to clients that register themselves, which are public
  bool signs_in;          // begins sessions: a client needs one that does
};

inline constexpr std::array kGrantTypes = {
    GrantType{Grant::authorization_code, "authorization_code", true, true},
    GrantType{Grant::refresh_token, "refresh_token", true, false},
    GrantType{Grant::device_code, "urn:ietf:params:oauth:grant-type:device_code", true, true},
};

constexpr std::string_view name_of(Grant grant) {
  for (const GrantType& type : kGrantTypes) {
    if (type.grant == grant) return type.name;
  }
  std::unreachable();
}

// Absent: it is no grant of this server.
std::optional<Grant> grant_of(std::string_view name);

// For sentences, `last` before the last one ("a, b or c"): all of them, and those that sign in.
std::string grant_names(std::string_view last);
std::string sign_in_grant_names(std::string_view last);

}  // namespace latchkey::clients
