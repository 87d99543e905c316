#include "outbound/saml/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outbound/saml/scripted_idp_testing.h"
#include "platform/error_testing.h"
#include "platform/text/json.h"

namespace latchkey::outbound::saml::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Why = providers::Failure::Why;
using Change = std::function<void(Said&)>;

const std::vector<std::string> kNoContexts;

Expected expected() {
  return {.issuer = kIdp,
          .audience = kUs,
          .acs = kAcs,
          .request_id = "_request",
          .now = kNow,
          .skew = 60s,
          .contexts = &kNoContexts};
}

providers::Reply<Statement> read(std::string_view xml, const Expected& of = expected(),
                                 const Keys& keys = {idp_key().certificate}) {
  return read_response(xml, keys, own_key().private_key, of);
}

// Why it is not believed; "": it is.
std::string reason(const Said& said, const Expected& of = expected()) {
  const auto read_it = read(response(said), of);
  return read_it ? "" : std::string(error_of(read_it).reason);
}
std::string reason_of(const std::string& xml) {
  const auto read_it = read(xml);
  return read_it ? "" : std::string(error_of(read_it).reason);
}

TEST(SamlResponse, SaysWhoItIs) {
  const auto said = read(response({}));
  ASSERT_TRUE(said) << error_of(said).sentence;
  EXPECT_EQ(said->name->value, "p1");
  EXPECT_EQ(said->id, "_assertion");
  EXPECT_EQ(said->session_index, "s1");
  EXPECT_EQ(said->authenticated_at, kNow);
  EXPECT_EQ(text::text_of(said->attributes, "uid"), "alice");
  EXPECT_EQ(text::text_of(said->attributes, "urn:oid:0.9.2342.19200300.100.1.1"), "alice");
}

TEST(SamlResponse, HasAttributesOfEveryForm) {
  Said said;
  said.attributes =
      "<saml:Attribute Name=\"groups\"><saml:AttributeValue>a</saml:AttributeValue>"
      "<saml:AttributeValue>b<!-- c --> d</saml:AttributeValue></saml:Attribute>"
      "<saml:Attribute Name=\"id\"><saml:AttributeValue><saml:NameID>x</saml:NameID>"
      "</saml:AttributeValue></saml:Attribute>"
      "<saml:Attribute Name=\"odd\"><saml:AttributeValue><b>x</b></saml:AttributeValue>"
      "</saml:Attribute><saml:Attribute><saml:AttributeValue>n</saml:AttributeValue>"
      "</saml:Attribute>";
  const auto read_it = read(response(said));
  ASSERT_TRUE(read_it) << error_of(read_it).sentence;
  EXPECT_EQ(boost::json::serialize(read_it->attributes), R"({"groups":["a","b d"],"id":"x"})");
}

TEST(SamlResponse, IsSignedAsAWholeOrItsAssertionIs) {
  Said said;
  said.response_key = &idp_key();
  EXPECT_EQ(reason(said), "");
  said.assertion_key = nullptr;
  EXPECT_EQ(reason(said), "");
  said.response_key = nullptr;
  EXPECT_EQ(reason(said), "unsigned");
  // Whatever is there has to be good.
  said.response_key = &idp_key();
  said.assertion_key = &other_key();
  EXPECT_EQ(reason(said), "wrong_signature");
  said.response_key = &other_key();
  said.assertion_key = &idp_key();
  EXPECT_EQ(reason(said), "wrong_signature");
}

TEST(SamlResponse, IsSignedByAKeyOfTheMetadataWhateverItSaysItself) {
  Said said;
  // The certificate stands beside the signature.
  said.assertion_key = &other_key();
  EXPECT_EQ(reason(said), "wrong_signature");
  EXPECT_TRUE(read(response(said), expected(), {idp_key().certificate, other_key().certificate}));
  EXPECT_EQ(error_of(read(response({}), expected(), {})).reason, "wrong_signature");
}

TEST(SamlResponse, ThatWasChangedIsNotBelieved) {
  EXPECT_EQ(reason_of(changed(response({}), ">p1<", ">p2<")), "wrong_signature");
  EXPECT_EQ(reason_of(changed(response({}), ">alice<", ">bob<")), "wrong_signature");
  Said said;
  said.response_key = &idp_key();
  EXPECT_EQ(reason_of(changed(response(said), "Version=\"2.0\" IssueInstant=\"2026-11-29T0",
                              "Version=\"2.0\" IssueInstant=\"2026-11-29T1")),
            "wrong_signature");
}

TEST(SamlResponse, IsNotSignedByWeakAlgorithms) {
  const auto with = [](std::string_view from, std::string_view to) {
    return reason_of(changed(response({}), from, to));
  };
  EXPECT_EQ(with("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                 "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
            "weak_signature");
  EXPECT_EQ(
      with("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
      "weak_signature");
  EXPECT_EQ(with("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                 "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
            "weak_signature");
}

TEST(SamlResponse, IsSignedInTheOneUsualForm) {
  const std::string good = response({});
  const auto with = [&](std::string_view from, std::string_view to) {
    return reason_of(changed(good, from, to));
  };
  EXPECT_EQ(with("URI=\"#_assertion\"", "URI=\"\""), "unusual_signature");
  EXPECT_EQ(with("URI=\"#_assertion\"", "URI=\"#_response\""), "unusual_signature");
  EXPECT_EQ(with("URI=\"#_assertion\"", "URI=\"https://idp.example.org/a\""), "unusual_signature");
  EXPECT_EQ(with("<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                 "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>"),
            "unusual_signature");
  EXPECT_EQ(with("<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                 "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"
                 "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"),
            "unusual_signature");
  EXPECT_EQ(with("</ds:SignedInfo>", "<ds:Reference URI=\"#_response\"/></ds:SignedInfo>"),
            "unusual_signature");
  EXPECT_EQ(with("</ds:Signature>", "<ds:Object/></ds:Signature>"), "unusual_signature");
}

// What is read is what was signed: anything that stands around it makes no difference, and more
// than one of it is refused before it matters which.
TEST(SamlResponse, HoldsOneAssertionWhereItHasToBe) {
  const Said said;
  const std::string one = assertion(said);
  Said second;
  second.id = "_second";
  EXPECT_EQ(reason_of(response_around(said, "")), "no_assertion");
  EXPECT_EQ(reason_of(response_around(said, one + assertion(second))), "several_assertions");
  EXPECT_EQ(reason_of(response_around(said, "<samlp:Extensions>" + one + "</samlp:Extensions>")),
            "no_assertion");
  EXPECT_EQ(reason_of(response_around(
                said, one + "<samlp:Extensions>" + assertion(second) + "</samlp:Extensions>")),
            "several_assertions");
  Said advised;
  second.assertion_key = nullptr;
  advised.advice = "<saml:Advice>" + assertion(second) + "</saml:Advice>";
  EXPECT_EQ(reason(advised), "several_assertions");
  EXPECT_EQ(reason_of(response_around(said, one + one)), "same_id_twice");
}

TEST(SamlResponse, HasEveryIdOnce) {
  const Said said;
  for (const char* const other : {"<x ID=\"_assertion\"/>", "<x Id=\"_assertion\"/>",
                                  "<x id=\"_assertion\"/>", "<x xml:id=\"_assertion\"/>"}) {
    EXPECT_EQ(reason_of(response_around(said, "<samlp:Extensions>" + std::string(other) +
                                                  "</samlp:Extensions>" + assertion(said))),
              "same_id_twice")
        << other;
  }
}

TEST(SamlResponse, IsReadWithoutCommentsInIt) {
  // They are not signed; what stands around them is.
  const auto said = read(changed(response({}), ">p1<", ">p<!-- no -->1<"));
  ASSERT_TRUE(said) << error_of(said).sentence;
  EXPECT_EQ(said->name->value, "p1");
}

TEST(SamlResponse, MayBeWrittenInSecret) {
  Said said;
  said.encrypted = true;
  const auto read_it = read(response(said));
  ASSERT_TRUE(read_it) << error_of(read_it).sentence;
  EXPECT_EQ(read_it->name->value, "p1");
  said.response_key = &idp_key();
  EXPECT_EQ(reason(said), "");
  said.assertion_key = nullptr;
  EXPECT_EQ(reason(said), "");
  said.response_key = nullptr;
  EXPECT_EQ(reason(said), "unsigned");
}

TEST(SamlResponse, HasToBeWrittenInSecretWhereThatIsWanted) {
  Expected of = expected();
  of.encrypted = true;
  Said said;
  EXPECT_EQ(reason(said, of), "not_encrypted");
  said.encrypted = true;
  EXPECT_EQ(reason(said, of), "");
}

TEST(SamlResponse, IsWrittenInSecretForThisServerAndByRsaOaep) {
  const Said said;
  EXPECT_EQ(reason_of(response_around(said, encrypted(assertion(said), other_key()))),
            "not_decrypted");
  EXPECT_EQ(reason_of(response_around(said, encrypted(assertion(said), own_key(),
                                                      "http://www.w3.org/2001/04/xmlenc#rsa-1_5"))),
            "not_decrypted");
  EXPECT_EQ(reason_of(response_around(said, encrypted("<x/>", own_key()))), "not_decrypted");
  EXPECT_EQ(reason_of(response_around(
                said, encrypted("<!DOCTYPE x [<!ENTITY e \"e\">]>" + assertion(said), own_key()))),
            "not_decrypted");
  EXPECT_EQ(reason_of(changed(response_around(said, encrypted(assertion(said), own_key())),
                              "<xenc:CipherValue>",
                              "<xenc:CipherReference URI=\"https://x/\"/>"
                              "<xenc:CipherValue>")),
            "not_decrypted");
}

// XML Encryption 1.1, sections 5.5.2 and 5.5.3; what is not said is SHA-1.
TEST(SamlResponse, IsReadWithEveryFormOfRsaOaep) {
  using crypto::OaepHash;
  const std::string sha256 =
      "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>";
  const std::string mask512 =
      "<xenc11:MGF Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha512\"/>";
  const auto reason_by = [](const std::string& algorithm, const std::string& inside,
                            const crypto::OaepOptions& options) {
    return reason_of(
        response_around({}, encrypted_by(assertion({}),
                                         "<xenc:EncryptionMethod Algorithm=\"" + algorithm + "\">" +
                                             inside + "</xenc:EncryptionMethod>",
                                         options)));
  };
  const std::string newer(kRsaOaep);
  const std::string older(kRsaOaepMgf1p);
  EXPECT_EQ(reason_by(newer, "", {}), "");
  EXPECT_EQ(reason_by(newer, sha256, {.hash = OaepHash::sha256}), "");
  EXPECT_EQ(
      reason_by(newer, sha256 + mask512, {.hash = OaepHash::sha256, .mask = OaepHash::sha512}), "");
  EXPECT_EQ(reason_by(newer, "<xenc:OAEPparams>b\nmE=</xenc:OAEPparams>" + mask512,
                      {.mask = OaepHash::sha512, .label = "na"}),
            "");
  EXPECT_EQ(reason_by(older, sha256, {.hash = OaepHash::sha256}), "");
  EXPECT_EQ(reason_by(older, mask512, {}), "") << "it has no other mask";

  EXPECT_EQ(reason_by(newer, sha256, {}), "not_decrypted");
  EXPECT_EQ(reason_by(newer, "<ds:DigestMethod Algorithm=\"urn:x\"/>", {}), "not_decrypted");
  EXPECT_EQ(reason_by(newer, sha256 + sha256, {.hash = OaepHash::sha256}), "not_decrypted");
  EXPECT_EQ(reason_by(newer, "<xenc:OAEPparams>?</xenc:OAEPparams>", {}), "not_decrypted");
  EXPECT_EQ(reason_by("urn:x", "", {}), "not_decrypted");
}

struct Lie {
  const char* what;
  Change change;
  std::string reason;
};

TEST(SamlResponse, SaysWhatItHasToOrIsNotBelieved) {
  const std::vector<Lie> lies{
      {"another provider", [](Said& s) { s.issuer = "https://other.example/"; }, "wrong_issuer"},
      {"a response of another provider",
       [](Said& s) { s.response_issuer = "https://other.example/"; }, "wrong_issuer"},
      {"another address", [](Said& s) { s.destination = " Destination=\"https://x.example/\""; },
       "wrong_destination"},
      {"another recipient", [](Said& s) { s.recipient = "https://x.example/acs"; },
       "wrong_recipient"},
      {"another request", [](Said& s) { s.request_id = "_other"; }, "wrong_request"},
      {"an assertion for another request", [](Said& s) { s.confirmed_request = "_other"; },
       "wrong_request"},
      {"another audience",
       [](Said& s) { s.restrictions = changed(s.restrictions, kUs, "https://x.example/"); },
       "wrong_audience"},
      {"no audience", [](Said& s) { s.restrictions = ""; }, "wrong_audience"},
      {"no conditions", [](Said& s) { s.conditions = "<saml:Advice/>"; }, "wrong_audience"},
      {"two restrictions, of which one is for others",
       [](Said& s) {
         s.restrictions +=
             "<saml:AudienceRestriction><saml:Audience>https://x.example/"
             "</saml:Audience></saml:AudienceRestriction>";
       },
       "wrong_audience"},
      {"a condition of its own", [](Said& s) { s.restrictions += "<saml:Condition/>"; },
       "unknown_condition"},
      {"of tomorrow", [](Said& s) { s.not_before = time(kNow + 61s); }, "not_yet"},
      {"of yesterday", [](Said& s) { s.not_on_or_after = time(kNow - 60s); }, "expired"},
      {"until a time that is none", [](Said& s) { s.not_on_or_after = "soon"; }, "expired"},
      {"from a time that is none", [](Said& s) { s.not_before = "soon"; }, "not_yet"},
      {"brought too late", [](Said& s) { s.confirmed_for = -60s; }, "expired"},
      {"for a holder of a key",
       [](Said& s) { s.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"; },
       "no_confirmation"},
      {"of an older SAML", [](Said& s) { s.version = "1.1"; }, "not_saml"},
      {"nobody has signed in", [](Said& s) { s.statement = "<saml:AuthzDecisionStatement/>"; },
       "no_authentication"},
      {"signed in tomorrow", [](Said& s) { s.signed_in_ago = -61s; }, "not_yet"},
      {"a session that is over",
       [](Said& s) { s.session_index += " SessionNotOnOrAfter=\"" + time(kNow - 60s) + "\""; },
       "expired"},
      {"a name in secret", [](Said& s) { s.name = "<saml:EncryptedID/>"; }, "encrypted_name"},
  };
  for (const Lie& lie : lies) {
    Said said;
    lie.change(said);
    EXPECT_EQ(reason(said), lie.reason) << lie.what;
  }
}

TEST(SamlResponse, IsGoodWithinTheSkewOfClocks) {
  Said said;
  said.not_before = time(kNow + 60s);
  EXPECT_EQ(reason(said), "");
  said = {};
  said.not_on_or_after = time(kNow - 59s);
  said.confirmed_for = -59s;
  EXPECT_EQ(reason(said), "");
  said = {};
  said.restrictions += "<saml:OneTimeUse/><saml:ProxyRestriction Count=\"0\"/>";
  said.response_issuer = "";
  said.destination = "";
  EXPECT_EQ(reason(said), "");
}

TEST(SamlResponse, OfWhoHadToProveThemselvesAnewSaysThatTheyDid) {
  Expected of = expected();
  of.proved_after = kNow - 2min;
  Said said;
  said.signed_in_ago = 3min;
  EXPECT_EQ(reason(said, of), "");
  said.signed_in_ago = 3min + 1s;
  EXPECT_EQ(reason(said, of), "not_fresh");
  EXPECT_EQ(error_of(read(response(said), of)).why, Why::not_fresh);
  EXPECT_EQ(reason(said), "");
}

TEST(SamlResponse, SaysHowThePersonHasProvedThemselves) {
  Expected of = expected();
  const std::vector<std::string> contexts{"urn:strong"};
  of.contexts = &contexts;
  Said said;
  EXPECT_EQ(reason(said, of), "wrong_context");
  said.context = "urn:strong";
  EXPECT_EQ(reason(said, of), "");
}

TEST(SamlResponse, SaysWhyThereIsNobody) {
  const std::vector<std::tuple<std::string, std::string, Why>> cases{
      {"Responder", "AuthnFailed", Why::denied},
      {"Responder", "RequestDenied", Why::denied},
      {"Requester", "UnknownPrincipal", Why::denied},
      {"Responder", "NoAuthnContext", Why::not_fresh},
      {"Responder", "NoPassive", Why::not_fresh},
      {"Responder", "", Why::unavailable},
      {"Requester", "", Why::misconfigured},
      {"Requester", "InvalidNameIDPolicy", Why::misconfigured},
      {"VersionMismatch", "", Why::misconfigured}};
  for (const auto& [first, second, why] : cases) {
    Said said;
    said.status = first;
    said.second_status = second;
    const auto failure = error_of(read(response(said)));
    EXPECT_EQ(failure.reason, "status");
    EXPECT_EQ(failure.why, why) << first << " " << second;
    EXPECT_THAT(failure.sentence, HasSubstr(second.empty() ? first : second + ": as it is"));
  }
  // It says of whom it is an answer all the same.
  Said said;
  said.status = "Responder";
  said.request_id = "_other";
  EXPECT_EQ(reason(said), "wrong_request");
}

TEST(SamlResponse, IsXmlWithoutATypeAndNothingElse) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("<Response/>"), std::string("<a"),
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + response({}),
        "<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY e \"&a;&a;\">]>" + response({}), assertion({}),
        changed(response({}), "Version=\"2.0\"", "Version=\"1.1\""),
        "<x>" + response({}) + "</x>"}) {
    EXPECT_EQ(reason_of(bytes), "not_saml") << bytes.substr(0, 60);
  }
}

}  // namespace
}  // namespace latchkey::outbound::saml::testing
