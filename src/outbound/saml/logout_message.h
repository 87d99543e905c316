#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/saml/messages.h"
#include "outbound/saml/signature.h"

// A provider's word that somebody has signed out there (SAML Profiles section 4.4, SAML Core
// section 3.7.1).
namespace latchkey::outbound::saml {

struct SignOut {
  std::string id;
  NameId who;
  std::vector<std::string> sessions = {};  // SessionIndex; none: all of the person's
  Time expires_at;                         // when it may not be brought any more
};

struct ExpectedSignOut {
  std::string_view issuer;
  std::string_view destination;  // ours
  Time now;
  Duration skew;
};

// With its signature in it, as a form brings it.
providers::Reply<SignOut> read_signed_sign_out(std::string_view xml, const Keys& keys,
                                               const Secret& private_key,
                                               const ExpectedSignOut& expected);
// Of one whose signature stands beside it, and was good.
providers::Reply<SignOut> read_sign_out(std::string_view xml, const Secret& private_key,
                                        const ExpectedSignOut& expected);

}  // namespace latchkey::outbound::saml
