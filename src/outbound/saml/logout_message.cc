#include "outbound/saml/logout_message.h"

#include <algorithm>
#include <utility>

#include "outbound/provider_calls/calls.h"
#include "outbound/saml/binding.h"
#include "outbound/saml/encryption.h"
#include "outbound/saml/names.h"
#include "platform/text/rfc3339.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml {
namespace {

using providers::Reply;
using xml::Node;
using Why = providers::Failure::Why;

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kMostSessions = 50;
// For how long one may be on its way that does not say itself when it ends.
constexpr Duration kOnItsWay = std::chrono::minutes{10};

std::unexpected<providers::Failure> refused(std::string_view reason, std::string sentence) {
  return std::unexpected(failure(Why::not_believed, reason, std::move(sentence)));
}

std::string text_of(Node element) {
  return element == nullptr ? std::string() : xml::text_in(element, kLongestText).value_or("");
}

// The name itself, or the one that was encrypted.
Reply<Node> name_in(Node request, const Secret& private_key) {
  if (const Node name = xml::only(request, space::kAssertion, "NameID")) return name;
  const Node encrypted = xml::only(request, space::kAssertion, "EncryptedID");
  if (encrypted == nullptr) return refused("no_subject", "the LogoutRequest is about nobody");
  const auto name = decrypt_in(encrypted, private_key);
  if (!name) return refused("not_decrypted", "the name in the LogoutRequest " + name.error());
  if (!xml::is(*name, space::kAssertion, "NameID")) {
    return refused("not_decrypted", "what was encrypted in the LogoutRequest is no name");
  }
  return *name;
}

Reply<SignOut> read(Node request, const Secret& private_key, const ExpectedSignOut& expected) {
  if (!xml::is(request, space::kProtocol, "LogoutRequest") ||
      xml::attribute(request, "Version") != "2.0") {
    return refused("not_saml", "the message is no SAML 2.0 LogoutRequest");
  }
  if (text_of(xml::only(request, space::kAssertion, "Issuer")) != expected.issuer) {
    return refused("wrong_issuer", "the LogoutRequest is of another provider (Issuer)");
  }
  const auto destination = xml::attribute(request, "Destination");
  if (destination && *destination != expected.destination) {
    return refused("wrong_destination", "the LogoutRequest is for another address (Destination)");
  }
  const auto issued = text::parse_rfc3339(xml::attribute(request, "IssueInstant").value_or(""));
  const auto until_text = xml::attribute(request, "NotOnOrAfter");
  const auto until = until_text ? text::parse_rfc3339(*until_text) : std::nullopt;
  if (!issued || (until_text && !until)) {
    return refused("not_saml", "the LogoutRequest has a time that cannot be read");
  }
  if (*issued > expected.now + expected.skew) {
    return refused("not_yet", "the LogoutRequest is of the future: is a clock wrong?");
  }
  const Time end = (until ? *until : *issued + kOnItsWay) + expected.skew;
  if (expected.now >= end) return refused("expired", "the LogoutRequest is too old");
  const auto name = name_in(request, private_key);
  if (!name) return std::unexpected(name.error());
  SignOut said{
      .id = xml::attribute(request, "ID").value_or(""),
      .who = {.value = text_of(*name), .format = xml::attribute(*name, "Format").value_or("")},
      .expires_at = end};
  if (said.id.empty() || said.who.value.empty()) {
    return refused("no_subject", "the LogoutRequest is about nobody, or has no ID");
  }
  for (const Node index : xml::elements_in(request, space::kProtocol, "SessionIndex")) {
    if (said.sessions.size() == kMostSessions) break;
    if (auto text = text_of(index); !text.empty()) said.sessions.push_back(std::move(text));
  }
  return said;
}

}  // namespace

Reply<SignOut> read_signed_sign_out(std::string_view xml, const Keys& keys,
                                    const Secret& private_key, const ExpectedSignOut& expected) {
  const auto document = xml::read(xml, kMostMessage);
  if (!document) return refused("not_saml", "the message " + document.error());
  if (!ids_are_unique(*document)) {
    return refused("same_id_twice", "the message has the same ID twice");
  }
  const auto signed_part = read_signed(document->root(), keys);
  if (!signed_part) {
    return refused(
        signed_part.error(),
        std::string("the LogoutRequest ").append(sentence_of_fault(signed_part.error())));
  }
  return read(signed_part->root(), private_key, expected);
}

Reply<SignOut> read_sign_out(std::string_view xml, const Secret& private_key,
                             const ExpectedSignOut& expected) {
  const auto document = xml::read(xml, kMostMessage);
  if (!document) return refused("not_saml", "the message " + document.error());
  return read(document->root(), private_key, expected);
}

}  // namespace latchkey::outbound::saml
