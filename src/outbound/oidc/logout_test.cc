#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "outbound/oidc/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/jose/jws.h"

namespace latchkey::outbound::oidc::testing {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using ::testing::HasSubstr;

class OidcSignOut : public SignIns {};

class OidcLogout : public SignIns {
 protected:
  static constexpr const char* kEvent = "http://schemas.openid.net/event/backchannel-logout";

  json::object claims() const {
    json::object claims = provider.claims();
    claims.erase("nonce");
    claims["sid"] = "session 1";
    claims["jti"] = "once";
    claims["events"] = json::object{{kEvent, json::object{}}};
    return claims;
  }
  providers::Reply<providers::LogoutNotice> read(const json::object& claims,
                                                 std::string_view type = "logout+jwt") {
    return ours().read_logout({{"logout_token", jose::sign(provider.signing_key, claims, type)}},
                              limits());
  }
};

TEST_F(OidcLogout, IsRead) {
  for (const auto* type : {"logout+jwt", "LOGOUT+JWT", "JWT"}) {
    const auto notice = read(claims(), type);
    ASSERT_TRUE(notice) << error_of(notice).sentence;
    EXPECT_EQ(notice->subject, "s1");
    EXPECT_EQ(notice->session, "session 1");
    EXPECT_EQ(notice->id, "once");
    EXPECT_EQ(notice->expires_at, kNow + 300s + 60s);
  }
}

TEST_F(OidcLogout, IsNotWhatElseTheProviderSigns) {
  constexpr std::int64_t now = kNowSeconds;
  const struct {
    std::function<void(json::object&)> change;
    const char* reason;
  } rows[] = {
      {erase("sub"), ""},
      {erase("sid"), ""},
      {[](auto& claims) {
         claims.erase("sub");
         claims.erase("sid");
       },
       "missing_subject"},
      {set("sub", ""), "malformed_claim"},
      {set("sid", 7), "malformed_claim"},
      {set("sid", json::string(256, 'a')), "malformed_claim"},
      {erase("jti"), "missing_jti"},
      {set("jti", json::string(256, 'a')), "malformed_claim"},
      {erase("events"), "missing_event"},
      {set("events", json::object{}), "missing_event"},
      {set("events", json::object{{kEvent, true}}), "missing_event"},
      {set("events", json::array{kEvent}), "missing_event"},
      {set("nonce", "any"), "nonce_in_logout"},
      {set("nonce", nullptr), "nonce_in_logout"},
      {set("iss", "https://evil.example/"), "wrong_issuer"},
      {set("aud", "another"), "wrong_audience"},
      {erase("exp"), "missing_exp"},
      {set("exp", now - 60), "expired"},
      {erase("iat"), "missing_iat"},
      {set("iat", now + 61), "issued_in_future"},
      // It would have to be remembered as long as it is good.
      {[now](auto& claims) {
         claims["iat"] = now - 3660;
         claims["exp"] = now + 1'000'000;
       },
       "expired"},
  };
  for (const auto& row : rows) {
    json::object changed = claims();
    row.change(changed);
    const auto notice = read(changed);
    EXPECT_EQ(notice ? "" : error_of(notice).reason, row.reason) << json::serialize(changed);
  }
  EXPECT_EQ(error_of(read(claims(), "at+jwt")).reason, "wrong_type");
  EXPECT_EQ(error_of(read(provider.claims(), "JWT")).reason, "missing_event") << "an ID token";
  EXPECT_EQ(error_of(ours().read_logout({}, limits())).reason, "missing_logout_token");
}

// Where people are known by another claim, `sub` is nobody's subject here.
TEST_F(OidcLogout, IsOfTheSubjectByWhichPeopleAreKnown) {
  options.subject = "oid";
  EXPECT_EQ(read(claims())->subject, "");
  EXPECT_EQ(read(claims())->session, "session 1");
  auto named = claims();
  named["oid"] = "o1";
  EXPECT_EQ(read(named)->subject, "o1");
  auto lacking = claims();
  lacking.erase("sid");
  EXPECT_EQ(error_of(read(lacking)).reason, "missing_subject");
}

TEST_F(OidcLogout, ByABrowserOnlyWhereThatIsWanted) {
  const providers::Fields fields{{"iss", provider.issuer()}, {"sid", "session 1"}};
  EXPECT_EQ(error_of(ours().read_logout(fields, limits())).reason, "missing_logout_token");
}

TEST_F(OidcLogout, ByABrowser) {
  options.front_channel_logout = true;
  const auto notice =
      ours().read_logout({{"iss", provider.issuer()}, {"sid", "session 1"}}, limits());
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->session, "session 1");
  EXPECT_EQ(notice->subject, "");
  EXPECT_EQ(error_of(ours().read_logout({{"sid", "session 1"}}, limits())).reason, "wrong_issuer");
  EXPECT_EQ(error_of(ours().read_logout({{"iss", "https://evil.example/"}, {"sid", "s"}}, limits()))
                .reason,
            "wrong_issuer");
  EXPECT_EQ(
      error_of(ours().read_logout({{"iss", provider.issuer()}, {"sid", ""}}, limits())).reason,
      "malformed_claim");
}

TEST_F(OidcSignOut, SignsOutAtTheProviderToo) {
  const auto departure = ours().sign_out({.session = {.name = "", .hint = Secret("the.id.token")},
                                          .return_to = "https://account.example.com/",
                                          .state = "the state"});
  ASSERT_TRUE(departure);
  const auto sent = fields_of(departure->url.substr(departure->url.find('?') + 1));
  EXPECT_THAT(departure->url, HasSubstr("/end?"));
  EXPECT_EQ(sent.at("id_token_hint"), "the.id.token");
  EXPECT_EQ(sent.at("client_id"), "latchkey");
  EXPECT_EQ(sent.at("post_logout_redirect_uri"), "https://account.example.com/");
  EXPECT_EQ(sent.at("state"), "the state");
  // Longer than what servers take in an address.
  const auto large =
      ours().sign_out({.session = {.name = "", .hint = Secret(std::string(5000, 'a'))},
                       .return_to = {},
                       .state = {}});
  EXPECT_EQ(large->url, provider.server.url("/end"));
  EXPECT_EQ(providers::single(large->posted, "id_token_hint").value().size(), 5000u);
}

TEST_F(OidcSignOut, SignsNobodyOutWhereThereIsNoPlaceForIt) {
  provider.metadata.erase("end_session_endpoint");
  const auto person = sign_in();
  EXPECT_TRUE(person->session.hint.empty()) << "nobody needs it";
  EXPECT_FALSE(ours().sign_out({.session = person->session, .return_to = {}, .state = {}}));
}

}  // namespace
}  // namespace latchkey::outbound::oidc::testing
