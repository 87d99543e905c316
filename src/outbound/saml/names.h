#pragma once

#include <string_view>

// The names that SAML 2.0 and XML Signature and Encryption give to things.
namespace latchkey::outbound::saml {

namespace space {
inline constexpr std::string_view kProtocol = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr std::string_view kAssertion = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr std::string_view kMetadata = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr std::string_view kSignature = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view kEncryption = "http://www.w3.org/2001/04/xmlenc#";
inline constexpr std::string_view kEncryption11 = "http://www.w3.org/2009/xmlenc11#";
}  // namespace space

// SAML Bindings section 3.
namespace binding {
inline constexpr std::string_view kRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
inline constexpr std::string_view kPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
}  // namespace binding

// SAML Core section 8.3.
namespace name_format {
inline constexpr std::string_view kUnspecified =
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
inline constexpr std::string_view kEmail = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
inline constexpr std::string_view kPersistent =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
inline constexpr std::string_view kTransient =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
}  // namespace name_format

// SAML Core section 3.2.2.2; each begins with this.
inline constexpr std::string_view kStatus = "urn:oasis:names:tc:SAML:2.0:status:";
inline constexpr std::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

// XML Encryption 1.1, sections 5.5.2 and 5.5.3.
inline constexpr std::string_view kRsaOaep = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
inline constexpr std::string_view kRsaOaepMgf1p = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

// RFC 4051.
inline constexpr std::string_view kRsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
inline constexpr std::string_view kSha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
inline constexpr std::string_view kExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr std::string_view kEnveloped =
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

}  // namespace latchkey::outbound::saml
