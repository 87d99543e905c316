#pragma once

#include <string>
#include <string_view>

#include "platform/crypto/rsa_oaep.h"

namespace latchkey::crypto::testing {

// What decrypt_rsa_oaep() reads, for the key of a certificate (DER).
std::string encrypt_rsa_oaep(std::string_view certificate, std::string_view secret,
                             const OaepOptions& options);

}  // namespace latchkey::crypto::testing
