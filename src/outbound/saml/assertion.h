#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/saml/messages.h"
#include "platform/time.h"
#include "platform/xml/document.h"

// What an assertion says of a person, and whether it is what it has to say (SAML Core section 2,
// SAML Profiles section 4.1.4).
namespace latchkey::outbound::saml {

// What an answer has to say.
struct Expected {
  std::string_view issuer;      // the provider's entity ID
  std::string_view audience;    // ours
  std::string_view acs;         // where it was to be sent
  std::string_view request_id;  // what it answers
  Time now;
  Duration skew;
  std::optional<Time> proved_after = {};          // when the person had to prove themselves anew
  const std::vector<std::string>* contexts = {};  // null: any; otherwise one of these
  bool encrypted = false;
};

// What it says of a person.
struct Statement {
  std::string id;  // of the assertion
  std::optional<NameId> name = {};
  std::string session_index = {};  // may be empty
  Time authenticated_at;
  // By name and by friendly name: a text, or an array of them.
  boost::json::object attributes = {};
};

// Of one whose signature has been seen to.
providers::Reply<Statement> read_assertion(xml::Node assertion, const Expected& expected);

}  // namespace latchkey::outbound::saml
