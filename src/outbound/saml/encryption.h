#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "platform/secret.h"
#include "platform/xml/document.h"

// XML encryption (XML Encryption Syntax and Processing) as SAML has it (SAML Core section 6): an
// EncryptedAssertion, whose key is encrypted for us.
namespace latchkey::outbound::saml {

// Puts the element that is in it in its place: the only child of `encrypted` from then on. The
// error is a sentence's end, the same whatever fails once something was decrypted.
std::expected<xml::Node, std::string> decrypt_in(xml::Node encrypted, const Secret& private_key);

}  // namespace latchkey::outbound::saml
