#pragma once

#include <expected>
#include <string>

#include "platform/jose/key.h"
#include "platform/secret.h"

namespace latchkey::outbound::oidc {

// The private key with which this server proves itself: a JSON Web Key; its `alg`, where it has
// one, says what it signs with. The error is the end of a sentence and holds nothing of the key.
std::expected<jose::Key, std::string> client_key(const Secret& jwk);

}  // namespace latchkey::outbound::oidc
