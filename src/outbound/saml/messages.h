#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/time.h"

// What we write (SAML Core section 3), not signed yet.
namespace latchkey::outbound::saml {

// An xs:ID that nobody can guess.
std::string new_id();

// What every message has.
struct Header {
  std::string id;
  std::string destination;
  std::string issuer;
  Time now;
};

struct AuthnRequest {
  Header header;
  std::string acs;
  std::string_view name_format;
  bool force = false;  // the person has to prove themselves anew
  std::vector<std::string> contexts = {};
};
std::string write(const AuthnRequest& request);

// A person as the provider names them, to name them again when they sign out.
struct NameId {
  std::string value;
  std::string format = {};
  std::string name_qualifier = {};
  std::string sp_name_qualifier = {};
};

struct LogoutRequest {
  Header header;
  NameId who;
  std::string session_index;  // may be empty
};
std::string write(const LogoutRequest& request);

// That it is done.
struct LogoutResponse {
  Header header;
  std::string in_response_to;
};
std::string write(const LogoutResponse& response);

}  // namespace latchkey::outbound::saml
