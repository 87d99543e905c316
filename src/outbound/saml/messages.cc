#include "outbound/saml/messages.h"

#include "outbound/saml/names.h"
#include "platform/crypto/random.h"
#include "platform/text/rfc3339.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml {
namespace {

// An xs:ID begins with no digit; SAML Core section 1.3.4 wants 128 random bits or more.
constexpr std::size_t kIdLength = 32;

std::string attribute(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return " " + std::string(name) + "=\"" + xml::escaped(value) + "\"";
}

std::string begin(std::string_view name, const Header& header, const std::string& more) {
  std::string text = "<samlp:" + std::string(name);
  text += attribute("xmlns:samlp", space::kProtocol) + attribute("xmlns:saml", space::kAssertion);
  text += attribute("ID", header.id) + attribute("Version", "2.0");
  text += attribute("IssueInstant", text::format_rfc3339(header.now));
  text += attribute("Destination", header.destination) + more + ">";
  return text + "<saml:Issuer>" + xml::escaped(header.issuer) + "</saml:Issuer>";
}

std::string end(std::string_view name) { return "</samlp:" + std::string(name) + ">"; }

std::string name_id(const NameId& who) {
  return "<saml:NameID" + attribute("NameQualifier", who.name_qualifier) +
         attribute("SPNameQualifier", who.sp_name_qualifier) + attribute("Format", who.format) +
         ">" + xml::escaped(who.value) + "</saml:NameID>";
}

}  // namespace

std::string new_id() { return "_" + crypto::random_text(crypto::kBase62, kIdLength); }

std::string write(const AuthnRequest& request) {
  std::string more = attribute("ForceAuthn", request.force ? "true" : "");
  more += attribute("AssertionConsumerServiceURL", request.acs);
  more += attribute("ProtocolBinding", binding::kPost);
  std::string text = begin("AuthnRequest", request.header, more);
  text +=
      "<samlp:NameIDPolicy" + attribute("Format", request.name_format) + " AllowCreate=\"true\"/>";
  if (!request.contexts.empty()) {
    text += "<samlp:RequestedAuthnContext Comparison=\"exact\">";
    for (const std::string& context : request.contexts) {
      text +=
          "<saml:AuthnContextClassRef>" + xml::escaped(context) + "</saml:AuthnContextClassRef>";
    }
    text += "</samlp:RequestedAuthnContext>";
  }
  return text + end("AuthnRequest");
}

std::string write(const LogoutRequest& request) {
  std::string text = begin("LogoutRequest", request.header, {}) + name_id(request.who);
  if (!request.session_index.empty()) {
    text += "<samlp:SessionIndex>" + xml::escaped(request.session_index) + "</samlp:SessionIndex>";
  }
  return text + end("LogoutRequest");
}

std::string write(const LogoutResponse& response) {
  return begin("LogoutResponse", response.header,
               attribute("InResponseTo", response.in_response_to)) +
         "<samlp:Status><samlp:StatusCode" + attribute("Value", std::string(kStatus) + "Success") +
         "/></samlp:Status>" + end("LogoutResponse");
}

}  // namespace latchkey::outbound::saml
