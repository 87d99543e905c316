#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "domain/providers/provider.h"
#include "outbound/saml/signature.h"

// How messages travel with a browser (SAML Bindings sections 3.4 and 3.5).
namespace latchkey::outbound::saml {

inline constexpr std::size_t kMostMessage = std::size_t{256} << 10;
// Beyond it, browsers and servers may cut an address.
inline constexpr std::size_t kLongestAddress = 8192;

struct Message {
  std::string_view parameter;  // "SAMLRequest" or "SAMLResponse"
  std::string xml;             // not signed; its root begins with its Issuer
  std::string relay_state;     // may be empty
};

// Signed, in an address.
std::string redirect_url(const std::string& location, const Message& message,
                         const crypto::KeyPair& key);
// Signed, as a form.
providers::Fields post_fields(const Message& message, const crypto::KeyPair& key);

// The XML in a field of a form, or of an address. The error is the end of a sentence.
std::expected<std::string, std::string> read_post(std::string_view value);
std::expected<std::string, std::string> read_redirect(std::string_view value);

// Whether the query, as it was sent to the letter, is signed by one of the keys (Bindings section
// 3.4.4.1: of the parameters as they are encoded there). Otherwise why not.
std::string_view fault_of_query(std::string_view query, std::string_view parameter,
                                const Keys& keys);

}  // namespace latchkey::outbound::saml
