#pragma once

#include <optional>
#include <string>

#include "platform/crypto/rsa_oaep.h"
#include "platform/secret.h"
#include "platform/xml/document.h"

// How the key of an encrypted element comes to its reader.
namespace latchkey::outbound::saml {

// Of an `EncryptedKey`: both RSA-OAEP of XML Encryption 1.1 (sections 5.5.2 and 5.5.3). Absent: it
// is another method, or has a part that is none of these. RSAES-PKCS1-v1_5 is not read: whether it
// fails can be told from outside, and with that others can decrypt.
std::optional<crypto::OaepOptions> key_transport(xml::Node encrypted_key);

// The key in it. Absent: not with this private key (PEM).
std::optional<std::string> transported_key(xml::Node encrypted_key, const Secret& private_key,
                                           const crypto::OaepOptions& transport);

}  // namespace latchkey::outbound::saml
