#include "outbound/saml/scripted_idp_testing.h"

#include <gtest/gtest.h>
#include <libxml/tree.h>
#include <xmlsec/buffer.h>

#include <stdexcept>

#include "outbound/saml/names.h"
#include "outbound/saml/signature.h"
#include "outbound/saml/xmlsec.h"
#include "platform/crypto/rsa_oaep_testing.h"
#include "platform/text/base64.h"
#include "platform/text/rfc3339.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml::testing {
namespace {

using namespace std::chrono_literals;

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + std::string(value) + "\"";
}

std::string without_declaration(std::string xml) {
  if (xml.starts_with("<?xml")) xml.erase(0, xml.find("?>") + 2);
  return xml;
}

std::string encrypt(std::string_view method, std::string_view name, Xmlsec<xmlSecKey> key,
                    xmlEncCtxMode mode, const std::string& bytes) {
  const std::string text =
      "<xenc:" + std::string(name) + " xmlns:xenc=\"" + std::string(space::kEncryption) +
      "\"><xenc:EncryptionMethod Algorithm=\"" + std::string(method) +
      "\"/><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:" + std::string(name) + ">";
  auto document = xml::read(text, 10'000);
  const Xmlsec<xmlSecEncCtx> context(xmlSecEncCtxCreate(nullptr));
  context->mode = mode;
  context->encKey = key.release();
  xmlNode* const root = xmlDocGetRootElement(document->get());
  if (xmlSecEncCtxBinaryEncrypt(context.get(), root,
                                reinterpret_cast<const xmlSecByte*>(bytes.data()),
                                static_cast<xmlSecSize>(bytes.size())) < 0) {
    throw std::runtime_error("not encrypted");
  }
  xmlChar* out = nullptr;
  int size = 0;
  xmlDocDumpMemory(document->get(), &out, &size);
  std::string result(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  xmlFree(out);
  return without_declaration(std::move(result));
}

const std::string kAesKey = "0123456789abcdef";

std::string encrypted_with(const std::string& element, const std::string& encrypted_key) {
  return "<saml:EncryptedAssertion xmlns:saml=\"" + std::string(space::kAssertion) + "\">" +
         encrypt("http://www.w3.org/2009/xmlenc11#aes128-gcm", "EncryptedData", aes_key(kAesKey),
                 xmlEncCtxModeEncryptedData, element) +
         encrypted_key + "</saml:EncryptedAssertion>";
}

}  // namespace

const crypto::KeyPair& idp_key() {
  static const crypto::KeyPair key = crypto::make_key_pair("idp", kNow, 24h);
  return key;
}
const crypto::KeyPair& other_key() {
  static const crypto::KeyPair key = crypto::make_key_pair("other", kNow, 24h);
  return key;
}
const crypto::KeyPair& own_key() {
  static const crypto::KeyPair key = crypto::make_key_pair("own", kNow, 24h);
  return key;
}

std::string time(Time time) { return text::format_rfc3339(time); }

std::string metadata(const Described& described) {
  return "<md:EntityDescriptor xmlns:md=\"" + std::string(space::kMetadata) + "\" xmlns:ds=\"" +
         std::string(space::kSignature) + "\" entityID=\"" + described.entity_id + "\"" +
         described.attributes +
         "><md:IDPSSODescriptor "
         "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
         "<md:KeyDescriptor" +
         described.use + "><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n" +
         text::encode_base64(described.key->certificate) +
         "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>" +
         described.logout + described.formats + described.sign_on +
         "</md:IDPSSODescriptor></md:EntityDescriptor>";
}

std::string assertion(const Said& said) {
  const std::string conditions =
      !said.conditions.empty()
          ? said.conditions
          : "<saml:Conditions" +
                attribute("NotBefore", said.not_before.empty() ? time(said.now) : said.not_before) +
                attribute("NotOnOrAfter", said.not_on_or_after.empty() ? time(said.now + 5min)
                                                                       : said.not_on_or_after) +
                ">" + said.restrictions + "</saml:Conditions>";
  const std::string statement =
      !said.statement.empty()
          ? said.statement
          : "<saml:AuthnStatement" +
                attribute("AuthnInstant", time(said.now - said.signed_in_ago)) +
                said.session_index + "><saml:AuthnContext><saml:AuthnContextClassRef>" +
                said.context +
                "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>";
  const std::string attributes =
      said.attributes.empty()
          ? ""
          : "<saml:AttributeStatement>" + said.attributes + "</saml:AttributeStatement>";
  std::string text = "<saml:Assertion xmlns:saml=\"" + std::string(space::kAssertion) + "\"" +
                     attribute("ID", said.id) + attribute("Version", said.version) +
                     attribute("IssueInstant", time(said.now)) + "><saml:Issuer>" + said.issuer +
                     "</saml:Issuer><saml:Subject>" + said.name + "<saml:SubjectConfirmation" +
                     attribute("Method", said.method) + "><saml:SubjectConfirmationData" +
                     attribute("NotOnOrAfter", time(said.now + said.confirmed_for)) +
                     attribute("Recipient", said.recipient) +
                     attribute("InResponseTo", said.confirmed_request.value_or(said.request_id)) +
                     "/></saml:SubjectConfirmation></saml:Subject>" + conditions + said.advice +
                     statement + attributes + "</saml:Assertion>";
  if (said.assertion_key == nullptr) return text;
  return without_declaration(signed_message(text, *said.assertion_key));
}

std::string response_around(const Said& said, const std::string& inside) {
  const std::string prefix(kStatus);
  std::string status =
      "<samlp:Status><samlp:StatusCode" + attribute("Value", prefix + said.status) +
      (said.second_status.empty()
           ? "/>"
           : "><samlp:StatusCode" + attribute("Value", prefix + said.second_status) +
                 "/></samlp:StatusCode><samlp:StatusMessage>as it "
                 "is</samlp:StatusMessage>") +
      "</samlp:Status>";
  const std::string issuer =
      said.response_issuer.empty() ? "" : "<saml:Issuer>" + said.response_issuer + "</saml:Issuer>";
  const std::string text = "<samlp:Response xmlns:samlp=\"" + std::string(space::kProtocol) +
                           "\" xmlns:saml=\"" + std::string(space::kAssertion) + "\"" +
                           attribute("ID", "_response") + attribute("Version", "2.0") +
                           attribute("IssueInstant", time(said.now)) +
                           attribute("InResponseTo", said.request_id) + said.destination + ">" +
                           issuer + status + inside + "</samlp:Response>";
  return said.response_key == nullptr ? text : signed_message(text, *said.response_key);
}

std::string response(const Said& said) {
  if (said.status != "Success") return response_around(said, "");
  const std::string inside = assertion(said);
  return response_around(said, said.encrypted ? encrypted(inside, own_key()) : inside);
}

std::string encrypted(const std::string& element, const crypto::KeyPair& recipient,
                      std::string_view transport) {
  need_xmlsec();
  return encrypted_with(
      element, encrypt(transport, "EncryptedKey", key_of_certificate(recipient.certificate),
                       xmlEncCtxModeEncryptedKey, kAesKey));
}

std::string encrypted_by(const std::string& element, std::string_view method,
                         const crypto::OaepOptions& options) {
  need_xmlsec();
  const std::string key =
      crypto::testing::encrypt_rsa_oaep(own_key().certificate, kAesKey, options);
  return encrypted_with(
      element, "<xenc:EncryptedKey xmlns:xenc=\"" + std::string(space::kEncryption) +
                   "\" xmlns:ds=\"" + std::string(space::kSignature) + "\" xmlns:xenc11=\"" +
                   std::string(space::kEncryption11) + "\">" + std::string(method) +
                   "<xenc:CipherData><xenc:CipherValue>" + text::encode_base64(key) +
                   "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>");
}

std::string sign_out(const SaidSignOut& said) {
  return "<samlp:LogoutRequest xmlns:samlp=\"" + std::string(space::kProtocol) +
         "\" xmlns:saml=\"" + std::string(space::kAssertion) + "\"" + attribute("ID", said.id) +
         attribute("Version", "2.0") + attribute("IssueInstant", time(said.now)) +
         said.destination + said.until + "><saml:Issuer>" + said.issuer + "</saml:Issuer>" +
         said.name + said.sessions + "</samlp:LogoutRequest>";
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == text.npos) throw std::logic_error("not there: " + std::string(from));
  return text.replace(at, from.size(), to);
}

}  // namespace latchkey::outbound::saml::testing
