#pragma once

#include <string_view>

#include "outbound/saml/assertion.h"
#include "outbound/saml/signature.h"
#include "platform/secret.h"

// A provider's answer to an AuthnRequest: what it is about, whose signature it has, and the one
// assertion in it (SAML Core section 3.3.3, SAML Profiles section 4.1.4).
namespace latchkey::outbound::saml {

// `private_key`: what is written to us in secret is read with it.
providers::Reply<Statement> read_response(std::string_view xml, const Keys& keys,
                                          const Secret& private_key, const Expected& expected);

}  // namespace latchkey::outbound::saml
