#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace latchkey::oauth {

// What a client may do (RFC 6749 section 3.3; spec "Scope").
struct Scope {
  bool matrix = false;    // urn:matrix:client:api:*
  std::string device_id;  // urn:matrix:client:device:<device_id>; set when `matrix` is
  bool openid = false;    // OpenID Connect Core section 3.1.2.1
  bool email = false;     // OpenID Connect Core section 5.4
  bool profile = false;   // the same
  // urn:synapse:admin:* or urn:matrix:client:server_administration (MSC4484), for administrators of
  // this server alone.
  bool admin = false;
  // As the client wrote the Matrix tokens: answered in the same words.
  std::string api_token;
  std::string device_token;
  std::string admin_tokens;  // one, or both with a space between

  // Canonical: as it is stored and answered.
  std::string text() const;
};

// Tokens that mean nothing here are left out of the answer (RFC 6749 section 3.3). The error is a
// sentence for `invalid_scope`: the API without exactly one device, a device without the API, a
// device ID outside of the unreserved characters, or nothing that means anything.
std::expected<Scope, std::string> read_scope(std::string_view text);

// Whether a refresh asks for more than was granted (RFC 6749 section 6); `granted` as Scope::text()
// wrote it. Tokens that mean nothing here ask for nothing, as in read_scope(), and the stable names
// and those of MSC2967 ask for the same.
bool widens(std::string_view asked, std::string_view granted);

// What is left of a session's scope, `text` as Scope::text() wrote it, when its person is no
// administrator, or no longer.
std::string_view without_admin(std::string_view text);

}  // namespace latchkey::oauth
