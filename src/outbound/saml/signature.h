#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "platform/crypto/certificate.h"
#include "platform/xml/document.h"

// XML signatures (XML Signature Syntax and Processing) as SAML has them (SAML Core section 5.4): an
// element is signed by a Signature that is its child, whole, by its ID.
namespace latchkey::outbound::saml {

// Certificates (DER) of those whose signatures count. What a document says of keys counts for
// nothing.
using Keys = std::vector<std::string>;

// Why a signature is not believed.
namespace fault {
inline constexpr std::string_view kUnsigned = "unsigned";
inline constexpr std::string_view kForm = "unusual_signature";  // of another thing, or another form
inline constexpr std::string_view kWeak = "weak_signature";     // an algorithm that is none today
inline constexpr std::string_view kWrong = "wrong_signature";   // none of the keys has made it
}  // namespace fault
std::string_view sentence_of_fault(std::string_view fault);

// Whether a key is good for verifying: RSA of 2048 bits or more, or an elliptic one.
bool usable_key(std::string_view certificate);

bool has_signature(xml::Node element);

// What the element says that is signed: the very bytes of which the signature is, read anew. So
// nothing can be read that was not signed, wherever in the document it stands.
std::expected<xml::Document, std::string_view> read_signed(xml::Node element, const Keys& keys);

// No two elements of a document have the same ID, under whatever name it goes.
bool ids_are_unique(const xml::Document& document);

// Signs a message, whose root has an ID and begins with its Issuer (SAML Core section 3.2.1 has the
// signature behind it).
std::string signed_message(const std::string& message, const crypto::KeyPair& key);

// Of the signature in an address (SAML Bindings section 3.4.4.1): whether its algorithm is one that
// counts, and whether one of the keys has made it.
bool known_method(std::string_view algorithm);
bool query_verifies(std::string_view algorithm, std::string_view message,
                    std::string_view signature, const Keys& keys);

}  // namespace latchkey::outbound::saml
