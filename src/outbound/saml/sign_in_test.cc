// Sign-ins as a whole: there by redirect and by form, and back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outbound/oidc/scripted_provider_testing.h"
#include "outbound/saml/binding.h"
#include "outbound/saml/names.h"
#include "outbound/saml/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml::testing {
namespace {

using namespace std::chrono_literals;
using oidc::testing::Asked;
using oidc::testing::ScriptedServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Why = providers::Failure::Why;

class SamlSignIn : public SignIns {};

TEST_F(SamlSignIn, BeginsByASignedRedirect) {
  const auto departure = begin();
  ASSERT_TRUE(departure) << error_of(departure).sentence;
  EXPECT_THAT(departure->url, StartsWith("https://idp.example.org/sso?SAMLRequest="));
  EXPECT_THAT(departure->posted, IsEmpty());
  EXPECT_LE(departure->memo.size(), 1024U);
  const std::string query = departure->url.substr(departure->url.find('?') + 1);
  const auto fields = fields_in(query);
  EXPECT_EQ(fields.at("RelayState"), "the state");
  EXPECT_EQ(fields.at("SigAlg"), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
  EXPECT_EQ(fault_of_query(query, "SAMLRequest", {own_key().certificate}), "");
  EXPECT_EQ(fault_of_query(query, "SAMLRequest", {idp_key().certificate}), "wrong_signature");

  const auto request = xml::read(request_of(*departure), 10'000);
  ASSERT_TRUE(request);
  const xml::Node root = request->root();
  EXPECT_TRUE(xml::is(root, space::kProtocol, "AuthnRequest"));
  EXPECT_EQ(xml::attribute(root, "ID"), departure->memo);
  EXPECT_EQ(xml::attribute(root, "Version"), "2.0");
  EXPECT_EQ(xml::attribute(root, "IssueInstant"), time(kNow));
  EXPECT_EQ(xml::attribute(root, "Destination"), "https://idp.example.org/sso");
  EXPECT_EQ(xml::attribute(root, "AssertionConsumerServiceURL"), kAcs);
  EXPECT_EQ(xml::attribute(root, "ForceAuthn"), std::nullopt);
  EXPECT_EQ(xml::text_in(xml::only(root, space::kAssertion, "Issuer"), 1000), kUs);
  EXPECT_EQ(xml::attribute(xml::only(root, space::kProtocol, "NameIDPolicy"), "Format"),
            name_format::kPersistent);
  EXPECT_NE(begin()->memo, departure->memo);
}

TEST_F(SamlSignIn, BeginsByASignedForm) {
  options.binding = SamlOptions::Binding::post;
  options.authn_contexts = {"urn:a", "urn:b & c"};
  options.entity_id = "urn:us";
  const auto departure = begin(true);
  ASSERT_TRUE(departure) << error_of(departure).sentence;
  EXPECT_EQ(departure->url, "https://idp.example.org/sso/post");
  EXPECT_EQ(providers::single(departure->posted, "RelayState"), "the state");
  const auto request = xml::read(request_of(*departure), 10'000);
  ASSERT_TRUE(request);
  const auto signed_part = read_signed(request->root(), {own_key().certificate});
  ASSERT_TRUE(signed_part) << error_of(signed_part);
  const xml::Node root = signed_part->root();
  EXPECT_EQ(xml::attribute(root, "ForceAuthn"), "true");
  EXPECT_EQ(xml::text_in(xml::only(root, space::kAssertion, "Issuer"), 1000), "urn:us");
  const xml::Node contexts = xml::only(root, space::kProtocol, "RequestedAuthnContext");
  ASSERT_NE(contexts, nullptr);
  EXPECT_EQ(xml::text_in(xml::elements_in(contexts).at(1), 100), "urn:b & c");
}

TEST_F(SamlSignIn, GoesByWhatThereIs) {
  Described described;
  described.sign_on =
      "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "
      "Location=\"https://idp.example.org/only\"/>";
  describe(metadata(described));
  EXPECT_EQ(begin()->url, "https://idp.example.org/only");
}

TEST_F(SamlSignIn, EndsWithAPerson) {
  const auto person = sign_in();
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, "p1");
  EXPECT_EQ(person->authenticated_at, kNow);
  EXPECT_EQ(person->session.name, "s1");
  EXPECT_EQ(person->once, "_assertion");
  EXPECT_EQ(text::text_of(person->claims, "uid"), "alice");
  EXPECT_EQ(text::text_of(person->claims, "name_id"), "p1");
  EXPECT_EQ(ours().state_of({{"RelayState", "x"}}), "x");
  EXPECT_EQ(ours().state_of({{"RelayState", "x"}, {"RelayState", "y"}}), std::nullopt);
  EXPECT_EQ(ours().state_of({}), std::nullopt);
}

TEST_F(SamlSignIn, NameIsNotTakenFromAnAttribute) {
  Said said;
  said.attributes =
      "<saml:Attribute Name=\"name_id\"><saml:AttributeValue>x</saml:AttributeValue>"
      "</saml:Attribute>";
  EXPECT_EQ(text::text_of(sign_in(said)->claims, "name_id"), "p1");
}

TEST_F(SamlSignIn, AnswersTheRequestThatWasMade) {
  const auto first = begin();
  const auto second = begin();
  Said said;
  said.request_id = first->memo;
  EXPECT_EQ(reason(finish(response(said), second->memo)), "wrong_request");
  EXPECT_EQ(reason(finish(response(said), first->memo)), "");
}

TEST_F(SamlSignIn, OfSomethingElseIsNotBelieved) {
  EXPECT_EQ(
      reason(ours().finish({.fields = {}, .state = "", .memo = "", .begun_at = kNow}, limits())),
      "no_response");
  EXPECT_EQ(reason(ours().finish(
                {.fields = {{"SAMLResponse", "%%"}}, .state = "", .memo = "", .begun_at = kNow},
                limits())),
            "not_saml");
  EXPECT_EQ(reason(finish(std::string(300'000, 'x'), "_r")), "not_saml");
}

TEST_F(SamlSignIn, ByATransientNameIsRefusedUnlessAnAttributeSaysWhoItIs) {
  Said said;
  said.name =
      "<saml:NameID Format=\"" + std::string(name_format::kTransient) + "\">t1</saml:NameID>";
  const auto refused = sign_in(said);
  EXPECT_EQ(reason(refused), "transient_name");
  EXPECT_EQ(error_of(refused).why, Why::misconfigured);
  EXPECT_THAT(error_of(refused).sentence, HasSubstr("subject_attribute"));
}

TEST_F(SamlSignIn, ByAnAttributeIsThatOf) {
  options.subject_attribute = "uid";
  options.name_id_format = SamlOptions::NameIdFormat::transient;
  Said said;
  said.name =
      "<saml:NameID Format=\"" + std::string(name_format::kTransient) + "\">t1</saml:NameID>";
  const auto person = sign_in(said);
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, "alice");
  said.name = "";
  EXPECT_EQ(sign_in(said)->subject, "alice");
  for (const char* const other :
       {"", "<saml:Attribute Name=\"uid\"/>",
        "<saml:Attribute Name=\"uid\"><saml:AttributeValue/></saml:Attribute>",
        "<saml:Attribute Name=\"uid\"><saml:AttributeValue>a</saml:AttributeValue>"
        "<saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>"}) {
    said.attributes = other;
    EXPECT_EQ(reason(sign_in(said)), "no_subject_attribute") << other;
  }
}

TEST_F(SamlSignIn, IsByTheKindOfNameThatWasAskedFor) {
  const auto named = [](std::string_view format) {
    Said said;
    said.name = "<saml:NameID" + (format.empty() ? "" : " Format=\"" + std::string(format) + "\"") +
                ">a@example.org</saml:NameID>";
    return said;
  };
  EXPECT_EQ(reason(sign_in(named(name_format::kEmail))), "wrong_name_format");
  EXPECT_EQ(reason(sign_in(named(""))), "wrong_name_format");
  Said nobody;
  nobody.name = "";
  EXPECT_EQ(reason(sign_in(nobody)), "no_name");
  nobody.name = "<saml:NameID Format=\"" + std::string(name_format::kPersistent) + "\"> " +
                std::string(256, 'x') + "</saml:NameID>";
  EXPECT_EQ(reason(sign_in(nobody)), "no_name");
}

TEST_F(SamlSignIn, TakesAnAddressWhereThatIsAllowed) {
  options.name_id_format = SamlOptions::NameIdFormat::email;
  Said said;
  said.name = "<saml:NameID Format=\"" + std::string(name_format::kEmail) +
              "\">a@example.org</saml:NameID>";
  EXPECT_EQ(sign_in(said)->subject, "a@example.org");
}

TEST_F(SamlSignIn, TakesAnyLastingNameWhereThatIsAllowed) {
  options.name_id_format = SamlOptions::NameIdFormat::unspecified;
  Said said;
  said.name = "<saml:NameID>a</saml:NameID>";
  EXPECT_EQ(sign_in(said)->subject, "a");
  EXPECT_EQ(sign_in()->subject, "p1");
  said.name =
      "<saml:NameID Format=\"" + std::string(name_format::kTransient) + "\">t1</saml:NameID>";
  EXPECT_EQ(reason(sign_in(said)), "transient_name");
}

TEST_F(SamlSignIn, HasThePersonProveThemselvesAnew) {
  EXPECT_EQ(reason(sign_in({}, true)), "");
  Said said;
  said.signed_in_ago = 10min;
  EXPECT_EQ(reason(sign_in(said, true)), "not_fresh");
  EXPECT_EQ(reason(sign_in(said, false)), "");
}

TEST_F(SamlSignIn, GoesOnWhenTheProviderHasAnotherKey) {
  EXPECT_EQ(reason(sign_in()), "");
  Said said;
  said.assertion_key = &other_key();
  EXPECT_EQ(reason(sign_in(said)), "wrong_signature");
  Described described;
  described.key = &other_key();
  describe(metadata(described));
  // They have just been looked at, and are not at each signature that is wrong.
  EXPECT_EQ(reason(sign_in(said)), "wrong_signature");
  clock.advance(31s);
  said.now = clock.now();
  EXPECT_EQ(reason(sign_in(said)), "");
  said.assertion_key = &idp_key();
  EXPECT_EQ(reason(sign_in(said)), "wrong_signature");
}

TEST_F(SamlSignIn, HasMetadataThatAreGoodStill) {
  Described described;
  described.attributes = " validUntil=\"" + time(kNow + 1h) + "\"";
  describe(metadata(described));
  EXPECT_EQ(reason(sign_in()), "");
  clock.advance(2h);
  const auto refused = begin();
  EXPECT_EQ(error_of(refused).reason, "expired_metadata");
}

TEST_F(SamlSignIn, WorksAgainWhenTheProviderWasDown) {
  int asked = 0;
  ScriptedServer server([&asked](const Asked&) {
    ++asked;
    return oidc::testing::Said{.body = metadata(), .type = "application/xml"};
  });
  options.metadata_file = {};
  options.metadata_url = server.url("/metadata");
  server.down();
  EXPECT_EQ(error_of(begin()).why, Why::unavailable);
  server.up();
  EXPECT_EQ(reason(sign_in()), "");
  const int once = asked;
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(asked, once);
  // What is known outlasts it.
  server.down();
  clock.advance(2h);
  Said said;
  said.now = clock.now();
  EXPECT_EQ(reason(sign_in(said)), "");
  EXPECT_THAT(log, HasSubstr("metadata were not read"));
}

TEST_F(SamlSignIn, TakesMetadataFromNowhereElse) {
  int elsewhere = 0;
  ScriptedServer other([&elsewhere](const Asked&) {
    ++elsewhere;
    return oidc::testing::Said{.body = metadata(), .type = "application/xml"};
  });
  oidc::testing::Said answer{.status = 302, .header = "Location: " + other.url("/") + "\r\n"};
  ScriptedServer server([&answer](const Asked&) { return answer; });
  options.metadata_file = {};
  options.metadata_url = server.url("/metadata");
  EXPECT_EQ(error_of(begin()).reason, "redirected");
  answer = {.status = 404};
  EXPECT_EQ(error_of(ours().test(limits())).reason, "no_metadata");
  answer = {.body = "<html/>"};
  EXPECT_EQ(error_of(ours().test(limits())).reason, "bad_metadata");
  answer = {.body = std::string(600'000, ' ')};
  EXPECT_EQ(error_of(ours().test(limits())).reason, "too_large");
  EXPECT_EQ(elsewhere, 0);
}

TEST_F(SamlSignIn, TestSaysWhatIsFineAndWhatIsNot) {
  const auto fine = ours().test(limits());
  ASSERT_TRUE(fine) << error_of(fine).sentence;
  EXPECT_THAT(*fine, ::testing::Contains(HasSubstr(std::string(kIdp))));
  EXPECT_THAT(*fine, ::testing::Contains(HasSubstr(std::string(kUs))));
  Described described;
  described.formats =
      "<md:NameIDFormat>" + std::string(name_format::kTransient) + "</md:NameIDFormat>";
  describe(metadata(described));
  EXPECT_EQ(error_of(ours().test(limits())).reason, "name_format");
  described.formats +=
      "<md:NameIDFormat>" + std::string(name_format::kPersistent) + "</md:NameIDFormat>";
  describe(metadata(described));
  EXPECT_TRUE(ours().test(limits()));
  describe("");
  EXPECT_EQ(error_of(ours().test(limits())).reason, "bad_metadata");
}

TEST_F(SamlSignIn, OwnMetadataHaveOurAddressesAndTheKeyThatSigns) {
  const auto document = ours().own_metadata();
  ASSERT_TRUE(document);
  const auto read = xml::read(*document, 100'000);
  ASSERT_TRUE(read);
  EXPECT_EQ(xml::attribute(read->root(), "entityID"), kUs);
  for (const std::string_view part : {kAcs, kLogout, name_format::kPersistent,
                                      std::string_view("AuthnRequestsSigned=\"true\"")}) {
    EXPECT_THAT(*document, HasSubstr(std::string(part)));
  }
  EXPECT_THAT(*document, HasSubstr(text::encode_base64(own_key().certificate)));
  EXPECT_THAT(*document, Not(HasSubstr("PRIVATE")));
  EXPECT_GT(keys_asked, 0);
}

}  // namespace
}  // namespace latchkey::outbound::saml::testing
