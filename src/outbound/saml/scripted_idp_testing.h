#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "outbound/saml/names.h"
#include "outbound/saml/saml_provider.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/rsa_oaep.h"
#include "platform/time.h"

namespace latchkey::outbound::saml::testing {

inline constexpr Time kNow{
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 29}.time_since_epoch()};
inline constexpr std::string_view kIdp = "https://idp.example.org/metadata";
inline constexpr std::string_view kUs =
    "https://account.example.com/account/providers/idp/metadata";
inline constexpr std::string_view kAcs = "https://account.example.com/account/providers/idp/acs";
inline constexpr std::string_view kLogout =
    "https://account.example.com/account/providers/idp/logout";

// Made once for all tests, for each takes some 100 ms.
const crypto::KeyPair& idp_key();
const crypto::KeyPair& other_key();
const crypto::KeyPair& own_key();

std::string time(Time time);

// A provider's metadata, with its key.
struct Described {
  std::string entity_id = std::string(kIdp);
  const crypto::KeyPair* key = &idp_key();
  std::string use = " use=\"signing\"";
  std::string formats = {};
  std::string attributes = {};  // of the EntityDescriptor
  std::string logout =
      "<md:SingleLogoutService "
      "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
      "Location=\"https://idp.example.org/slo?a=1&amp;b\"/>"
      "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "
      "Location=\"https://idp.example.org/slo/post\" "
      "ResponseLocation=\"https://idp.example.org/slo/done\"/>";
  std::string sign_on =
      "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
      "Location=\"https://idp.example.org/sso\"/>"
      "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "
      "Location=\"https://idp.example.org/sso/post\"/>";
};
std::string metadata(const Described& described = {});

// An honest answer, of which a test changes what it is about.
struct Said {
  std::string request_id = "_request";
  Time now = kNow;
  std::string status = "Success";
  std::string second_status = {};
  std::string destination = " Destination=\"" + std::string(kAcs) + "\"";
  std::string response_issuer = std::string(kIdp);
  std::string issuer = std::string(kIdp);
  std::string id = "_assertion";
  std::string version = "2.0";
  std::string name =
      "<saml:NameID "
      "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">p1</saml:NameID>";
  std::string method = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
  std::string recipient = std::string(kAcs);
  std::optional<std::string> confirmed_request = {};  // otherwise request_id
  Duration confirmed_for = std::chrono::minutes{5};
  std::string not_before = {};  // otherwise now
  std::string not_on_or_after = {};
  std::string restrictions = "<saml:AudienceRestriction><saml:Audience>" + std::string(kUs) +
                             "</saml:Audience></saml:AudienceRestriction>";
  std::string conditions = {};  // in place of all of them
  Duration signed_in_ago{0};
  std::string session_index = " SessionIndex=\"s1\"";
  std::string context = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
  std::string statement = {};  // in place of the AuthnStatement
  std::string attributes =
      "<saml:Attribute Name=\"urn:oid:0.9.2342.19200300.100.1.1\" FriendlyName=\"uid\">"
      "<saml:AttributeValue>alice</saml:AttributeValue></saml:Attribute>";
  std::string advice = {};  // behind the conditions

  const crypto::KeyPair* response_key = nullptr;  // null: the response is not signed
  const crypto::KeyPair* assertion_key = &idp_key();
  bool encrypted = false;  // for own_key()
};

std::string assertion(const Said& said);  // signed, if it is to be
std::string response(const Said& said);
// Around an assertion, or whatever else.
std::string response_around(const Said& said, const std::string& inside);
std::string encrypted(const std::string& element, const crypto::KeyPair& recipient,
                      std::string_view transport = kRsaOaepMgf1p);
// The same, its key carried by a method of the test's own: what is in its `EncryptionMethod`, and
// the options by which it is encrypted.
std::string encrypted_by(const std::string& element, std::string_view method,
                         const crypto::OaepOptions& options);

struct SaidSignOut {
  Time now = kNow;
  std::string id = "_sign_out";
  std::string issuer = std::string(kIdp);
  std::string destination = " Destination=\"" + std::string(kLogout) + "\"";
  std::string until = {};  // " NotOnOrAfter=…"
  std::string name = "<saml:NameID>p1</saml:NameID>";
  std::string sessions = "<samlp:SessionIndex>s1</samlp:SessionIndex>";
};
std::string sign_out(const SaidSignOut& said);  // not signed

// In place of one piece of a text, which has to be there.
std::string changed(std::string text, std::string_view from, std::string_view to);

}  // namespace latchkey::outbound::saml::testing
