#include "outbound/saml/response.h"

#include <algorithm>
#include <utility>

#include "outbound/provider_calls/calls.h"
#include "outbound/saml/binding.h"
#include "outbound/saml/encryption.h"
#include "outbound/saml/names.h"

namespace latchkey::outbound::saml {
namespace {

using providers::Failure;
using providers::Reply;
using xml::Node;
using Why = Failure::Why;

constexpr std::size_t kLongestText = 4096;

std::unexpected<Failure> refused(std::string_view reason, std::string sentence) {
  return std::unexpected(failure(Why::not_believed, reason, std::move(sentence)));
}

std::string text_of(Node element) {
  return element == nullptr ? std::string() : xml::text_in(element, kLongestText).value_or("");
}

// --- what it is about as a whole

std::string code_of(Node status) {
  const Node code = xml::only(status, space::kProtocol, "StatusCode");
  return code == nullptr ? std::string() : xml::attribute(code, "Value").value_or("");
}

// SAML Core section 3.2.2.2.
Failure failure_of(std::string_view first, std::string_view second, std::string_view message) {
  const auto is = [](std::string_view code, std::string_view name) {
    return code.starts_with(kStatus) && code.substr(kStatus.size()) == name;
  };
  std::string sentence = "the provider says " + cited(second.empty() ? first : second);
  if (!message.empty()) sentence += ": " + cited(message);
  for (const std::string_view denied : {"AuthnFailed", "RequestDenied", "UnknownPrincipal"}) {
    if (is(second, denied)) return failure(Why::denied, "status", std::move(sentence));
  }
  if (is(second, "NoAuthnContext") || is(second, "NoPassive")) {
    return failure(Why::not_fresh, "status", std::move(sentence));
  }
  if (is(first, "Responder") && second.empty()) {
    return failure(Why::unavailable, "status", std::move(sentence));
  }
  return failure(Why::misconfigured, "status", std::move(sentence));
}

std::optional<Failure> fault_of_status(Node response) {
  const Node status = xml::only(response, space::kProtocol, "Status");
  if (status == nullptr) {
    return failure(Why::not_believed, "no_status", "the response says neither yes nor no");
  }
  const Node code = xml::only(status, space::kProtocol, "StatusCode");
  const std::string first = code_of(status);
  if (first == std::string(kStatus) + "Success") return std::nullopt;
  return failure_of(first, code == nullptr ? "" : code_of(code),
                    text_of(xml::only(status, space::kProtocol, "StatusMessage")));
}

std::optional<Failure> fault_of_response(Node response, const Expected& expected) {
  const auto fault = [](std::string_view reason, std::string sentence) {
    return failure(Why::not_believed, reason, std::move(sentence));
  };
  if (!xml::is(response, space::kProtocol, "Response") ||
      xml::attribute(response, "Version") != "2.0") {
    return fault("not_saml", "what came back is no SAML 2.0 response");
  }
  const auto destination = xml::attribute(response, "Destination");
  if (destination && *destination != expected.acs) {
    return fault("wrong_destination", "the response is for another address (Destination)");
  }
  if (xml::attribute(response, "InResponseTo") != expected.request_id) {
    return fault("wrong_request", "the response answers another request (InResponseTo)");
  }
  const auto issuers = xml::elements_in(response, space::kAssertion, "Issuer");
  if (issuers.size() > 1 || (issuers.size() == 1 && text_of(issuers[0]) != expected.issuer)) {
    return fault("wrong_issuer", "the response is of another provider (Issuer)");
  }
  return fault_of_status(response);
}

// --- the assertion in it, as it was signed

bool is_assertion(Node element) {
  return xml::is(element, space::kAssertion, "Assertion") ||
         xml::is(element, space::kAssertion, "EncryptedAssertion");
}

// There is one, and it stands where it has to. More of them would leave open which one is meant.
Reply<Node> assertion_in(Node response) {
  std::vector<Node> inside;
  for (const Node child : xml::elements_in(response)) {
    if (is_assertion(child)) inside.push_back(child);
  }
  const auto all = xml::all_below(response);
  if (inside.empty()) return refused("no_assertion", "the response says nothing of anybody");
  if (inside.size() > 1 || std::ranges::count_if(all, is_assertion) != 1) {
    return refused("several_assertions", "the response holds more than one assertion");
  }
  return inside.front();
}

// An assertion, in a document that stays.
struct Signed {
  xml::Document document;
  Node assertion;
};

std::unexpected<Failure> refused_signature(std::string_view fault, std::string_view what) {
  return refused(fault, std::string(what) + " " + std::string(sentence_of_fault(fault)));
}

Reply<Signed> signed_assertion(xml::Document document, const Keys& keys, const Secret& private_key,
                               const Expected& expected) {
  bool whole = false;
  if (has_signature(document.root())) {
    auto signed_part = read_signed(document.root(), keys);
    if (!signed_part) return refused_signature(signed_part.error(), "the response");
    document = *std::move(signed_part);
    whole = true;
  }
  auto found = assertion_in(document.root());
  if (!found) return std::unexpected(std::move(found.error()));
  Node assertion = *found;
  if (xml::is(assertion, space::kAssertion, "EncryptedAssertion")) {
    const auto decrypted = decrypt_in(assertion, private_key);
    if (!decrypted) return refused("not_decrypted", "the assertion " + decrypted.error());
    if (!xml::is(*decrypted, space::kAssertion, "Assertion") || !ids_are_unique(document)) {
      return refused("not_decrypted", "what was encrypted is no assertion");
    }
    assertion = *decrypted;
    if (std::ranges::count_if(xml::all_below(assertion), is_assertion) != 1) {
      return refused("several_assertions", "the assertion holds another one");
    }
  } else if (expected.encrypted) {
    return refused("not_encrypted", "the assertion is not encrypted (encryption_required)");
  }
  // One that is there has to be good, whether or not it is needed.
  if (whole && !has_signature(assertion)) return Signed{std::move(document), assertion};
  auto signed_part = read_signed(assertion, keys);
  if (!signed_part) return refused_signature(signed_part.error(), "the assertion");
  const Node root = signed_part->root();
  return Signed{*std::move(signed_part), root};
}

}  // namespace

Reply<Statement> read_response(std::string_view xml, const Keys& keys, const Secret& private_key,
                               const Expected& expected) {
  auto document = xml::read(xml, kMostMessage);
  if (!document) return refused("not_saml", "what came back " + document.error());
  if (!ids_are_unique(*document)) {
    return refused("same_id_twice", "the response has the same ID twice");
  }
  if (auto fault = fault_of_response(document->root(), expected)) {
    return std::unexpected(*std::move(fault));
  }
  const auto found = signed_assertion(*std::move(document), keys, private_key, expected);
  if (!found) return std::unexpected(found.error());
  return read_assertion(found->assertion, expected);
}

}  // namespace latchkey::outbound::saml
