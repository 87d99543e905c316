#include "outbound/saml/assertion.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "outbound/provider_calls/calls.h"
#include "outbound/saml/names.h"
#include "platform/text/rfc3339.h"

namespace latchkey::outbound::saml {
namespace {

namespace json = boost::json;
using providers::Failure;
using providers::Reply;
using xml::Node;
using Why = Failure::Why;

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kMostValues = 1000;  // of all attributes together

std::unexpected<Failure> refused(std::string_view reason, std::string sentence) {
  return std::unexpected(failure(Why::not_believed, reason, std::move(sentence)));
}

std::string text_of(Node element) {
  return element == nullptr ? std::string() : xml::text_in(element, kLongestText).value_or("");
}

// Absent: it is not there. A time that cannot be read is one that has not come, or is long past.
std::optional<Time> time_in(Node element, std::string_view name, Time unreadable) {
  const auto text = xml::attribute(element, name);
  if (!text) return std::nullopt;
  return text::parse_rfc3339(*text).value_or(unreadable);
}

std::optional<Failure> fault_of_times(Node element, const Expected& expected,
                                      std::string_view what) {
  const auto from = time_in(element, "NotBefore", Time::max());
  const auto until = time_in(element, "NotOnOrAfter", Time::min());
  if (from && *from > expected.now + expected.skew) {
    return failure(Why::not_believed, "not_yet",
                   std::string(what) + " is not good yet: is a clock wrong?");
  }
  if (until && expected.now >= std::max(*until, Time{}) + expected.skew) {
    return failure(Why::not_believed, "expired",
                   std::string(what) + " is good no more: is a clock wrong?");
  }
  return std::nullopt;
}

// SAML Core section 2.5.1.4: one of each restriction has to be us.
bool for_us(Node restriction, std::string_view audience) {
  return std::ranges::any_of(xml::elements_in(restriction, space::kAssertion, "Audience"),
                             [&](Node one) { return xml::text_in(one, kLongestText) == audience; });
}

std::optional<Failure> fault_of_conditions(Node assertion, const Expected& expected) {
  const Node conditions = xml::only(assertion, space::kAssertion, "Conditions");
  if (conditions == nullptr) {
    return failure(Why::not_believed, "wrong_audience",
                   "the assertion does not say for whom it is");
  }
  if (auto fault = fault_of_times(conditions, expected, "the assertion")) return fault;
  std::size_t restrictions = 0;
  for (const Node one : xml::elements_in(conditions)) {
    if (xml::is(one, space::kAssertion, "AudienceRestriction")) {
      ++restrictions;
      if (for_us(one, expected.audience)) continue;
      return failure(Why::not_believed, "wrong_audience",
                     "the assertion is for another service (Audience)");
    }
    // Section 2.5.1: what is not understood cannot be kept to.
    if (!xml::is(one, space::kAssertion, "OneTimeUse") &&
        !xml::is(one, space::kAssertion, "ProxyRestriction")) {
      return failure(Why::not_believed, "unknown_condition",
                     "the assertion has a condition that nobody here understands");
    }
  }
  if (restrictions == 0) {
    return failure(Why::not_believed, "wrong_audience",
                   "the assertion does not say for whom it is");
  }
  return std::nullopt;
}

// SAML Profiles section 4.1.4.2.
std::optional<Failure> fault_of_confirmation(Node confirmation, const Expected& expected) {
  const auto fault = [](std::string_view reason, std::string sentence) {
    return failure(Why::not_believed, reason, std::move(sentence));
  };
  const Node data = xml::only(confirmation, space::kAssertion, "SubjectConfirmationData");
  if (data == nullptr || !xml::attribute(data, "NotOnOrAfter")) {
    return fault("no_confirmation", "the assertion does not say how long it may be brought");
  }
  if (xml::attribute(data, "Recipient") != expected.acs) {
    return fault("wrong_recipient", "the assertion is for another address (Recipient)");
  }
  if (xml::attribute(data, "InResponseTo") != expected.request_id) {
    return fault("wrong_request", "the assertion answers another request (InResponseTo)");
  }
  return fault_of_times(data, expected, "the assertion");
}

std::optional<Failure> fault_of_subject(Node subject, const Expected& expected) {
  std::optional<Failure> fault = failure(Why::not_believed, "no_confirmation",
                                         "the assertion is for nobody who brings it (bearer)");
  for (const Node one : xml::elements_in(subject, space::kAssertion, "SubjectConfirmation")) {
    if (xml::attribute(one, "Method") != kBearer) continue;
    fault = fault_of_confirmation(one, expected);
    if (!fault) break;
  }
  return fault;
}

std::string optional_attribute(Node element, std::string_view name) {
  return xml::attribute(element, name).value_or("");
}

Reply<std::optional<NameId>> name_in(Node subject) {
  if (!xml::elements_in(subject, space::kAssertion, "EncryptedID").empty()) {
    return refused("encrypted_name",
                   "the name alone is encrypted (EncryptedID): encrypt the assertion instead");
  }
  const Node element = xml::only(subject, space::kAssertion, "NameID");
  if (element == nullptr) return std::optional<NameId>();
  return NameId{.value = text_of(element),
                .format = optional_attribute(element, "Format"),
                .name_qualifier = optional_attribute(element, "NameQualifier"),
                .sp_name_qualifier = optional_attribute(element, "SPNameQualifier")};
}

void add(json::object& claims, const std::string& name, const std::string& value) {
  if (name.empty()) return;
  json::value& claim = claims[name];
  if (claim.is_null()) {
    claim = value;
  } else if (claim.is_string()) {
    claim = json::array{claim, value};
  } else {
    claim.as_array().emplace_back(value);
  }
}

// A text, or the name of a person in it (eduPersonTargetedID is one). Absent: something else.
std::optional<std::string> value_in(Node value) {
  const auto inside = xml::elements_in(value);
  if (inside.empty()) return xml::text_in(value, kLongestText);
  if (inside.size() > 1 || !xml::is(inside[0], space::kAssertion, "NameID")) return std::nullopt;
  return xml::text_in(inside[0], kLongestText);
}

json::object attributes_in(Node assertion) {
  json::object claims;
  std::size_t count = 0;
  for (const Node statement :
       xml::elements_in(assertion, space::kAssertion, "AttributeStatement")) {
    for (const Node one : xml::elements_in(statement, space::kAssertion, "Attribute")) {
      const std::string name = optional_attribute(one, "Name");
      const std::string friendly = optional_attribute(one, "FriendlyName");
      for (const Node written : xml::elements_in(one, space::kAssertion, "AttributeValue")) {
        const auto value = value_in(written);
        if (!value || ++count > kMostValues) continue;
        add(claims, name, *value);
        if (friendly != name) add(claims, friendly, *value);
      }
    }
  }
  return claims;
}

std::optional<Failure> fault_of_authentication(Node statement, const Expected& expected) {
  const auto until = time_in(statement, "SessionNotOnOrAfter", Time::min());
  if (until && expected.now >= std::max(*until, Time{}) + expected.skew) {
    return failure(Why::not_believed, "expired", "the sign-in at the provider is over already");
  }
  const Time instant = *time_in(statement, "AuthnInstant", Time{});
  if (instant > expected.now + expected.skew) {
    return failure(Why::not_believed, "not_yet",
                   "the person has signed in at the provider in the future: is a clock wrong?");
  }
  if (expected.proved_after && instant + expected.skew < *expected.proved_after) {
    return failure(Why::not_fresh, "not_fresh",
                   "the provider did not have the person prove themselves anew (AuthnInstant)");
  }
  if (expected.contexts == nullptr || expected.contexts->empty()) return std::nullopt;
  const Node context = xml::only(statement, space::kAssertion, "AuthnContext");
  const std::string by =
      context == nullptr ? ""
                         : text_of(xml::only(context, space::kAssertion, "AuthnContextClassRef"));
  if (std::ranges::find(*expected.contexts, by) != expected.contexts->end()) return std::nullopt;
  return failure(
      Why::not_fresh, "wrong_context",
      "the person has proved themselves in another way than authn_contexts wants: " + cited(by));
}

}  // namespace

Reply<Statement> read_assertion(Node assertion, const Expected& expected) {
  if (xml::attribute(assertion, "Version") != "2.0") {
    return refused("not_saml", "the assertion is none of SAML 2.0");
  }
  if (text_of(xml::only(assertion, space::kAssertion, "Issuer")) != expected.issuer) {
    return refused("wrong_issuer", "the assertion is of another provider (Issuer)");
  }
  if (auto fault = fault_of_conditions(assertion, expected)) {
    return std::unexpected(*std::move(fault));
  }
  const Node subject = xml::only(assertion, space::kAssertion, "Subject");
  if (subject == nullptr) return refused("no_subject", "the assertion is about nobody (Subject)");
  if (auto fault = fault_of_subject(subject, expected)) return std::unexpected(*std::move(fault));
  const Node statement = xml::only(assertion, space::kAssertion, "AuthnStatement");
  if (statement == nullptr || !xml::attribute(statement, "AuthnInstant")) {
    return refused("no_authentication",
                   "the assertion does not say that the person has signed in (AuthnStatement)");
  }
  if (auto fault = fault_of_authentication(statement, expected)) {
    return std::unexpected(*std::move(fault));
  }
  auto name = name_in(subject);
  if (!name) return std::unexpected(std::move(name.error()));
  return Statement{.id = optional_attribute(assertion, "ID"),
                   .name = *std::move(name),
                   .session_index = optional_attribute(statement, "SessionIndex"),
                   .authenticated_at = *time_in(statement, "AuthnInstant", Time{}),
                   .attributes = attributes_in(assertion)};
}

}  // namespace latchkey::outbound::saml
