#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/jose/jws.h"
#include "platform/jose/key.h"
#include "platform/secret.h"

// Tokens that a provider has signed, and its keys. What a token says of itself only chooses among
// what the configuration allows and the provider has published.
namespace latchkey::outbound::oidc {

// A JSON Web Key Set (RFC 7517 section 5).
class KeySet {
 public:
  static constexpr std::size_t kMost = 100;  // keys; the others are not looked at

  // The error is a sentence. Keys that this program cannot read are left out when they are asked
  // for (section 5).
  static std::expected<KeySet, std::string> read(const boost::json::object& document);

  // Those that a token of this algorithm may be signed with: all of them for one that names none.
  std::vector<jose::Key> candidates(std::string_view id, jose::Algorithm algorithm) const;
  std::size_t size() const { return keys_.size(); }
  // How many can be used with one of these.
  std::size_t usable(std::span<const jose::Algorithm> algorithms) const;

 private:
  std::vector<boost::json::object> keys_;
};

struct Verified {
  boost::json::object claims;
  jose::Algorithm algorithm;
};

// Why it is not believed, in one word.
namespace fault {
inline constexpr std::string_view kMalformed = "malformed_token";
inline constexpr std::string_view kAlgorithm = "algorithm_not_allowed";
inline constexpr std::string_view kType = "wrong_type";
inline constexpr std::string_view kCritical = "critical_header";
inline constexpr std::string_view kUnknownKey = "unknown_key";
inline constexpr std::string_view kSignature = "wrong_signature";
}  // namespace fault

struct Verification {
  std::span<const jose::Algorithm> allowed;
  // Of HS256, where that is allowed.
  const Secret& client_secret;
  // What its header may say it is (`typ`), in lower case; it may always say nothing.
  std::initializer_list<std::string_view> types;
};

std::expected<Verified, std::string_view> verify(std::string_view token, const KeySet& keys,
                                                 const Verification& how);

}  // namespace latchkey::outbound::oidc
