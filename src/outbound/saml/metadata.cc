#include "outbound/saml/metadata.h"

#include <algorithm>

#include "outbound/provider_calls/address.h"
#include "outbound/saml/names.h"
#include "platform/text/base64.h"
#include "platform/text/rfc3339.h"

namespace latchkey::outbound::saml {
namespace {

using xml::Node;

constexpr std::size_t kLongestText = 64UL * 1024;
constexpr std::size_t kMostEndpoints = 50;
constexpr std::size_t kMostKeys = 10;

void collect(Node element, std::vector<Node>& found) {
  if (xml::is(element, space::kMetadata, "EntityDescriptor")) {
    if (xml::only(element, space::kMetadata, "IDPSSODescriptor") != nullptr) {
      found.push_back(element);
    }
  } else if (xml::is(element, space::kMetadata, "EntitiesDescriptor")) {
    for (const Node child : xml::elements_in(element)) collect(child, found);
  }
}

std::expected<Node, std::string> entity_in(Node root, std::string_view issuer) {
  std::vector<Node> entities;
  collect(root, entities);
  if (entities.empty()) {
    return std::unexpected("describes no SAML 2.0 identity provider (IDPSSODescriptor)");
  }
  if (issuer.empty()) {
    if (entities.size() == 1) return entities.front();
    return std::unexpected(
        "describes several providers: say with provider_entity_id which one is meant");
  }
  const auto found = std::ranges::find_if(
      entities, [&](Node one) { return xml::attribute(one, "entityID") == issuer; });
  if (found == entities.end()) {
    return std::unexpected("does not describe a provider of the entity ID '" + std::string(issuer) +
                           "'");
  }
  return *found;
}

std::vector<Endpoint> endpoints_in(Node descriptor, std::string_view name) {
  std::vector<Endpoint> found;
  for (const Node one : xml::elements_in(descriptor, space::kMetadata, name)) {
    Endpoint endpoint{.binding = xml::attribute(one, "Binding").value_or(""),
                      .location = xml::attribute(one, "Location").value_or(""),
                      .response_location = xml::attribute(one, "ResponseLocation").value_or("")};
    if (endpoint.binding != binding::kRedirect && endpoint.binding != binding::kPost) continue;
    if (!is_address(endpoint.location, Query::may)) continue;
    if (!is_address(endpoint.response_location, Query::may)) endpoint.response_location.clear();
    found.push_back(std::move(endpoint));
    if (found.size() == kMostEndpoints) break;
  }
  return found;
}

// As others write it: on several lines.
std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return text;
}

Keys keys_in(Node descriptor) {
  Keys keys;
  for (const Node one : xml::elements_in(descriptor, space::kMetadata, "KeyDescriptor")) {
    // Without a use it is for all of them (SAML Metadata section 2.4.1.1).
    if (xml::attribute(one, "use").value_or("signing") != "signing") continue;
    const Node info = xml::only(one, space::kSignature, "KeyInfo");
    if (info == nullptr) continue;
    for (const Node data : xml::elements_in(info, space::kSignature, "X509Data")) {
      for (const Node written : xml::elements_in(data, space::kSignature, "X509Certificate")) {
        const auto text = xml::text_in(written, kLongestText);
        auto der = text ? text::decode_base64(without_space(*text)) : std::nullopt;
        if (der && usable_key(*der) && keys.size() < kMostKeys) keys.push_back(*std::move(der));
      }
    }
  }
  return keys;
}

// The earliest of those that hold for it (SAML Metadata section 2.3.2).
std::optional<Time> valid_until(Node entity, Node root) {
  std::optional<Time> until;
  for (Node one = entity; one != nullptr; one = one == root ? nullptr : root) {
    const auto text = xml::attribute(one, "validUntil");
    if (!text) continue;
    const auto time = text::parse_rfc3339(*text);
    // What cannot be read has an end that nobody knows.
    const Time end = time.value_or(Time{});
    if (!until || end < *until) until = end;
  }
  return until;
}

std::expected<Metadata, std::string> metadata_in(const xml::Document& document,
                                                 std::string_view issuer) {
  const auto entity = entity_in(document.root(), issuer);
  if (!entity) return std::unexpected(entity.error());
  const Node descriptor = xml::only(*entity, space::kMetadata, "IDPSSODescriptor");
  Metadata metadata{.entity_id = xml::attribute(*entity, "entityID").value_or(""),
                    .sign_on = endpoints_in(descriptor, "SingleSignOnService"),
                    .logout = endpoints_in(descriptor, "SingleLogoutService"),
                    .keys = keys_in(descriptor),
                    .name_formats = {},
                    .valid_until = valid_until(*entity, document.root())};
  for (const Node one : xml::elements_in(descriptor, space::kMetadata, "NameIDFormat")) {
    if (const auto text = xml::text_in(one, 256)) metadata.name_formats.push_back(*text);
  }
  if (metadata.entity_id.empty()) return std::unexpected("has no entityID");
  if (metadata.sign_on.empty()) {
    return std::unexpected(
        "has no SingleSignOnService for browsers, by HTTP-Redirect or HTTP-POST");
  }
  if (metadata.keys.empty()) {
    return std::unexpected(
        "has no certificate to verify with: RSA of 2048 bits or more, or an elliptic key "
        "(KeyDescriptor)");
  }
  return metadata;
}

const Endpoint* by(const std::vector<Endpoint>& all, std::string_view binding) {
  const auto found = std::ranges::find(all, binding, &Endpoint::binding);
  return found == all.end() ? nullptr : &*found;
}

std::string service(std::string_view name, std::string_view binding, const std::string& location,
                    std::string_view more) {
  std::string text = "<md:";
  text.append(name).append(" Binding=\"").append(binding).append("\" Location=\"");
  return text.append(xml::escaped(location)).append("\"").append(more).append("/>");
}

std::string key_descriptor(std::string_view use, const std::string& base64,
                           std::string_view methods) {
  return "<md:KeyDescriptor use=\"" + std::string(use) +
         "\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>" + base64 +
         "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" + std::string(methods) +
         "</md:KeyDescriptor>";
}

}  // namespace

const Endpoint* Metadata::sign_on_by(std::string_view binding) const {
  return by(sign_on, binding);
}

const Endpoint* Metadata::logout_by(std::string_view binding) const { return by(logout, binding); }

std::expected<Metadata, std::string> read_metadata(std::string_view xml, std::string_view issuer) {
  const auto document = xml::read(xml, kMostMetadata);
  if (!document) return std::unexpected(document.error());
  return metadata_in(*document, issuer);
}

std::expected<Metadata, std::string> read_signed_metadata(std::string_view xml,
                                                          std::string_view issuer,
                                                          const Keys& keys) {
  const auto document = xml::read(xml, kMostMetadata);
  if (!document) return std::unexpected(document.error());
  if (!ids_are_unique(*document)) return std::unexpected("has the same ID twice");
  const auto signed_part = read_signed(document->root(), keys);
  if (!signed_part) return std::unexpected(std::string(sentence_of_fault(signed_part.error())));
  return metadata_in(*signed_part, issuer);
}

std::string own_metadata(const Ourselves& us, std::string_view certificate,
                         std::string_view name_format) {
  const std::string key = text::encode_base64(certificate);
  // What encryption.cc can read, the best first.
  constexpr std::string_view kMethods =
      "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>"
      "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>"
      "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\"/>"
      "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"/>"
      "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"" +
         std::string(space::kMetadata) + "\" xmlns:ds=\"" + std::string(space::kSignature) +
         "\" entityID=\"" + xml::escaped(us.entity_id) +
         "\"><md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" "
         "protocolSupportEnumeration=\"" +
         std::string(space::kProtocol) + "\">" + key_descriptor("signing", key, "") +
         key_descriptor("encryption", key, kMethods) +
         service("SingleLogoutService", binding::kRedirect, us.logout, "") +
         service("SingleLogoutService", binding::kPost, us.logout, "") + "<md:NameIDFormat>" +
         std::string(name_format) + "</md:NameIDFormat>" +
         service("AssertionConsumerService", binding::kPost, us.acs,
                 " index=\"0\" isDefault=\"true\"") +
         "</md:SPSSODescriptor></md:EntityDescriptor>\n";
}

}  // namespace latchkey::outbound::saml
