#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "platform/jose/key.h"

// JSON Web Tokens that are signed (RFC 7519, RFC 7515 compact serialization; RFC 8725 is the bar).
namespace latchkey::jose {

inline constexpr std::size_t kMaxToken = 16 * 1024;  // bytes

enum class Fault : std::uint8_t {
  malformed,        // not three parts of canonical base64url with JSON objects, or too long
  wrong_algorithm,  // its header names another than the key's
  wrong_key,        // its header names another key
  wrong_type,       // its header says it is something else (typ)
  critical,         // its header wants what nobody here understands (crit)
  wrong_signature,
};

// What a token says, believed by nobody: to find out whose keys to ask.
struct Unverified {
  boost::json::object header;
  boost::json::object claims;
};
std::expected<Unverified, Fault> read_unverified(std::string_view token);

// The claims of a token that this key signed, with the key's own algorithm: what the header says
// must agree and decides nothing. A kid in it must be the key's; it may lack where the key was
// found otherwise. `type` is compared with typ without regard to case; empty: any, or none. Times,
// issuer and audience are for the caller to judge.
std::expected<boost::json::object, Fault> verify(std::string_view token, const Key& key,
                                                 std::string_view type);

// Throws std::runtime_error when OpenSSL fails, or the key is public.
std::string sign(const Key& key, const boost::json::object& claims, std::string_view type);

}  // namespace latchkey::jose
