// Signed out there, and from here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outbound/saml/binding.h"
#include "outbound/saml/names.h"
#include "outbound/saml/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"
#include "platform/xml/document.h"

namespace latchkey::outbound::saml::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SamlLogout : public SignIns {
 protected:
  using Reply = providers::Reply<providers::LogoutNotice>;

  Reply post(const std::string& request, const crypto::KeyPair* key = &idp_key()) {
    const std::string xml = key == nullptr ? request : signed_message(request, *key);
    return ours().read_logout({{"SAMLRequest", text::encode_base64(xml)}, {"RelayState", "theirs"}},
                              limits());
  }
  Reply redirect(const std::string& request, const crypto::KeyPair& key = idp_key()) {
    return in_address(
        redirect_url("", {.parameter = "SAMLRequest", .xml = request, .relay_state = "theirs"}, key)
            .substr(1));
  }
  Reply in_address(const std::string& query) {
    const auto decoded = fields_in(query);
    return ours().read_logout_in_address(query, {decoded.begin(), decoded.end()}, limits());
  }
  static std::string why(const Reply& reply) {
    return reply ? "" : std::string(error_of(reply).reason);
  }
};

TEST_F(SamlLogout, IsToldByAForm) {
  const auto notice = post(sign_out({}));
  ASSERT_TRUE(notice) << error_of(notice).sentence;
  EXPECT_EQ(notice->subject, "p1");
  EXPECT_EQ(notice->session, "s1");
  EXPECT_EQ(notice->id, "_sign_out");
  EXPECT_GT(notice->expires_at, kNow);
  ASSERT_TRUE(notice->answer);
  EXPECT_EQ(notice->answer->url, "https://idp.example.org/slo/done");
  EXPECT_EQ(providers::single(notice->answer->posted, "RelayState"), "theirs");
  const auto answer = xml::read(
      read_post(providers::single(notice->answer->posted, "SAMLResponse").value()).value(), 10'000);
  ASSERT_TRUE(answer);
  const auto read = read_signed(answer->root(), {own_key().certificate});
  ASSERT_TRUE(read);
  EXPECT_TRUE(xml::is(read->root(), space::kProtocol, "LogoutResponse"));
  EXPECT_EQ(xml::attribute(read->root(), "InResponseTo"), "_sign_out");
  EXPECT_EQ(xml::attribute(read->root(), "Destination"), "https://idp.example.org/slo/done");
}

TEST_F(SamlLogout, IsToldInAnAddress) {
  const auto notice = redirect(sign_out({}));
  ASSERT_TRUE(notice) << error_of(notice).sentence;
  EXPECT_EQ(notice->subject, "p1");
  ASSERT_TRUE(notice->answer);
  EXPECT_THAT(notice->answer->url, StartsWith("https://idp.example.org/slo?a=1&b&SAMLResponse="));
  const std::string query = notice->answer->url.substr(notice->answer->url.find("SAMLResponse"));
  EXPECT_EQ(fault_of_query(query, "SAMLResponse", {own_key().certificate}), "");
  EXPECT_EQ(fields_in(query).at("RelayState"), "theirs");
}

// .NET writes "%3d" where others write "%3D".
TEST_F(SamlLogout, InAnAddressIsSignedAsItIsEncodedThere) {
  const std::string message = redirect_url(
      "", {.parameter = "SAMLRequest", .xml = sign_out({}), .relay_state = {}}, own_key());
  std::string query = message.substr(1, message.find("&Signature=") - 1);
  for (std::size_t at = 0; (at = query.find('%', at)) != query.npos; ++at) {
    query[at + 1] = static_cast<char>(std::tolower(query[at + 1]));
    query[at + 2] = static_cast<char>(std::tolower(query[at + 2]));
  }
  const std::string signature = text::encode_base64(crypto::sign(idp_key().private_key, query));
  EXPECT_EQ(why(in_address(query + "&Signature=" + http::percent_encode(signature))), "");
  // What stands beside it is not looked at.
  EXPECT_EQ(why(in_address("lang=de&Signature=" + http::percent_encode(signature) + "&" + query)),
            "");
  EXPECT_EQ(why(in_address(query)), "unsigned");
  EXPECT_EQ(why(in_address(query + "&Signature=" + http::percent_encode(signature) + "&" +
                           query.substr(query.find("SigAlg=")))),
            "unusual_signature");
  EXPECT_EQ(why(in_address(query + "&RelayState=x&Signature=" + http::percent_encode(signature))),
            "wrong_signature");
  EXPECT_EQ(why(in_address(changed(query, "rsa-sha256", "rsa-sha1") +
                           "&Signature=" + http::percent_encode(signature))),
            "weak_signature");
}

TEST_F(SamlLogout, IsBelievedFromTheProviderAlone) {
  EXPECT_EQ(why(post(sign_out({}), nullptr)), "unsigned");
  EXPECT_EQ(why(post(sign_out({}), &other_key())), "wrong_signature");
  EXPECT_EQ(why(redirect(sign_out({}), other_key())), "wrong_signature");
  EXPECT_EQ(why(ours().read_logout({}, limits())), "no_request");
  EXPECT_EQ(why(ours().read_logout_in_address("", {}, limits())), "no_request");
  EXPECT_EQ(why(post(response({}))), "not_saml");
  EXPECT_EQ(why(redirect("<!DOCTYPE x>" + sign_out({}))), "not_saml");
}

// Whoever sends them has the metadata looked at, but not instead of those who sign in.
TEST_F(SamlLogout, OfStrangersKeepNobodyFromSigningInWithANewKey) {
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(why(post(sign_out({}), &other_key())), "wrong_signature");
  Described described;
  described.key = &other_key();
  describe(metadata(described));
  Said said;
  said.assertion_key = &other_key();
  EXPECT_EQ(reason(sign_in(said)), "");
}

TEST_F(SamlLogout, SaysWhatItHasToOrIsNotBelieved) {
  const auto with = [this](auto change) {
    SaidSignOut said;
    change(said);
    std::string by_form = why(post(sign_out(said)));
    EXPECT_EQ(why(redirect(sign_out(said))), by_form);
    return by_form;
  };
  EXPECT_EQ(with([](auto& s) { s.issuer = "https://other.example/"; }), "wrong_issuer");
  EXPECT_EQ(with([](auto& s) { s.destination = " Destination=\"https://x.example/\""; }),
            "wrong_destination");
  EXPECT_EQ(with([](auto& s) { s.now = kNow + 61s; }), "not_yet");
  EXPECT_EQ(with([](auto& s) { s.now = kNow - 12min; }), "expired");
  EXPECT_EQ(with([](auto& s) { s.until = " NotOnOrAfter=\"" + time(kNow - 60s) + "\""; }),
            "expired");
  EXPECT_EQ(with([](auto& s) { s.until = " NotOnOrAfter=\"soon\""; }), "not_saml");
  EXPECT_EQ(with([](auto& s) { s.name = ""; }), "no_subject");
  EXPECT_EQ(with([](auto& s) { s.name = "<saml:NameID/>"; }), "no_subject");
  EXPECT_EQ(with([](auto& s) { s.name += "<saml:NameID>p2</saml:NameID>"; }), "no_subject");
  EXPECT_EQ(with([](auto& s) { s.destination = ""; }), "");
  EXPECT_EQ(with([](auto& s) { s.sessions = ""; }), "");
}

TEST_F(SamlLogout, MayNameTheirPersonInSecret) {
  SaidSignOut said;
  said.name = encrypted(
      "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">p1"
      "</saml:NameID>",
      own_key());
  said.name = changed(changed(said.name, "EncryptedAssertion", "EncryptedID"),
                      "</saml:EncryptedAssertion", "</saml:EncryptedID");
  EXPECT_EQ(post(sign_out(said))->subject, "p1");
}

TEST_F(SamlLogout, MayBeOfSeveralSessions) {
  SaidSignOut said;
  said.sessions +=
      "<samlp:SessionIndex>s2</samlp:SessionIndex><samlp:SessionIndex>s3"
      "</samlp:SessionIndex>";
  const auto notice = post(sign_out(said));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->session, "s1");
  EXPECT_THAT(notice->more_sessions, ElementsAre("s2", "s3"));
}

TEST_F(SamlLogout, WherePeopleAreKnownByAnAttributeNamesASession) {
  options.subject_attribute = "uid";
  const auto notice = post(sign_out({}));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->subject, "");
  EXPECT_EQ(notice->session, "s1");
  SaidSignOut said;
  said.sessions = "";
  EXPECT_EQ(why(post(sign_out(said))), "no_session");
}

TEST_F(SamlLogout, FromHereNamesThePersonAsTheProviderDid) {
  Said said;
  said.name =
      "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" "
      "NameQualifier=\"n\" SPNameQualifier=\"sp\">p&amp;1</saml:NameID>";
  const auto person = sign_in(said);
  ASSERT_TRUE(person) << error_of(person).sentence;
  const auto departure = ours().sign_out(
      {.session = person->session, .return_to = "https://account.example.com/", .state = "s42"});
  ASSERT_TRUE(departure);
  EXPECT_THAT(departure->url, StartsWith("https://idp.example.org/slo?a=1&b&SAMLRequest="));
  const std::string query = departure->url.substr(departure->url.find("SAMLRequest"));
  EXPECT_EQ(fields_in(query).at("RelayState"), "s42");
  EXPECT_EQ(fault_of_query(query, "SAMLRequest", {own_key().certificate}), "");
  const auto request = xml::read(read_redirect(fields_in(query).at("SAMLRequest")).value(), 10'000);
  ASSERT_TRUE(request);
  EXPECT_TRUE(xml::is(request->root(), space::kProtocol, "LogoutRequest"));
  const xml::Node name = xml::only(request->root(), space::kAssertion, "NameID");
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(xml::text_in(name, 100), "p&1");
  EXPECT_EQ(xml::attribute(name, "Format"), name_format::kPersistent);
  EXPECT_EQ(xml::attribute(name, "NameQualifier"), "n");
  EXPECT_EQ(xml::attribute(name, "SPNameQualifier"), "sp");
  EXPECT_EQ(xml::text_in(xml::only(request->root(), space::kProtocol, "SessionIndex"), 100), "s1");
  EXPECT_TRUE(ours().ends_sign_out({{"SAMLResponse", "x"}}));
  EXPECT_FALSE(ours().ends_sign_out({{"SAMLRequest", "x"}}));
  EXPECT_FALSE(ours().ends_sign_out({}));
}

TEST_F(SamlLogout, FromHereNeedsAPlaceAndAName) {
  EXPECT_FALSE(ours().sign_out({}));
  EXPECT_FALSE(ours().sign_out(
      {.session = {.name = "s1", .hint = Secret("{}")}, .return_to = {}, .state = {}}));
  Described described;
  described.logout = "";
  describe(metadata(described));
  clock.advance(2h);
  EXPECT_FALSE(ours().sign_out({.session = {.name = "s1", .hint = Secret(R"({"name": "p1"})")},
                                .return_to = {},
                                .state = {}}));
  SaidSignOut said;
  said.now = clock.now();
  EXPECT_FALSE(post(sign_out(said))->answer);
}

}  // namespace
}  // namespace latchkey::outbound::saml::testing
