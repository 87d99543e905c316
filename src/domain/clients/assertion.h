#pragma once

#include <expected>
#include <string>

#include "domain/clients/client_auth.h"

namespace latchkey::clients {

// The proof of private_key_jwt (RFC 7523 section 3, OpenID Connect Core 1.0 section 9). The error
// is a sentence.
std::expected<AssertionUse, std::string> check_assertion(std::string_view assertion,
                                                         const Client& client,
                                                         const AssertionAudience& audience,
                                                         Time now);

// The client that an assertion says to be of, `sub`; empty: it says nothing clear.
std::string assertion_subject(std::string_view assertion);

}  // namespace latchkey::clients
