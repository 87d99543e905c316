#include "outbound/oidc/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc::testing {
namespace {

namespace json = boost::json;
using Why = providers::Failure::Why;
using ::testing::HasSubstr;
using ::testing::Not;

class OidcSignIn : public SignIns {};

TEST_F(OidcSignIn, SignsSomebodyIn) {
  provider.change_claims = [](json::object& claims) { claims["sid"] = "session 1"; };
  const auto person = sign_in();
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, "s1");
  EXPECT_EQ(text::text_of(person->claims, "preferred_username"), "alice");
  EXPECT_EQ(person->session.name, "session 1");
  EXPECT_FALSE(person->session.hint.empty());
  EXPECT_FALSE(person->authenticated_at);

  EXPECT_EQ(query["response_type"], "code");
  EXPECT_EQ(query["client_id"], "latchkey");
  EXPECT_EQ(query["redirect_uri"], "https://account.example.com/account/providers/corp/callback");
  EXPECT_EQ(query["scope"], "openid profile email");
  EXPECT_EQ(query["state"], "the state");
  EXPECT_EQ(query["code_challenge_method"], "S256");
  for (const auto* name : {"prompt", "max_age", "login_hint", "acr_values", "response_mode"}) {
    EXPECT_FALSE(query.contains(name)) << name;
  }
  const auto form = fields_of(provider.last("/token").body);
  EXPECT_EQ(form.at("grant_type"), "authorization_code");
  EXPECT_EQ(form.at("redirect_uri"), query["redirect_uri"]);
  EXPECT_FALSE(form.contains("client_secret"));
}

TEST_F(OidcSignIn, AsksForWhatIsConfigured) {
  provider.metadata["authorization_endpoint"] = provider.server.url("/authorize?tenant=1");
  options.response_mode = OidcOptions::ResponseMode::form_post;
  options.prompt = "select_account";
  options.acr_values = {"gold", "silver"};
  options.parameters = {"hd=example.com", "a b=c&d"};
  ASSERT_TRUE(begin(false, "alice@example.com"));
  EXPECT_EQ(query["tenant"], "1");
  EXPECT_EQ(query["response_mode"], "form_post");
  EXPECT_EQ(query["prompt"], "select_account");
  EXPECT_EQ(query["acr_values"], "gold silver");
  EXPECT_EQ(query["hd"], "example.com");
  EXPECT_EQ(query["a b"], "c&d");
  EXPECT_EQ(query["login_hint"], "alice@example.com");
  const std::string first = query["nonce"];
  ASSERT_TRUE(begin());
  EXPECT_NE(query["nonce"], first);
  EXPECT_EQ(first.size(), 43u);
}

TEST_F(OidcSignIn, SaysNobodysNameWhenItMustNot) {
  options.forward_login_hint = false;
  options.pkce = false;
  const auto departure = begin(false, "alice@example.com");
  EXPECT_FALSE(query.contains("login_hint"));
  EXPECT_FALSE(query.contains("code_challenge"));
  EXPECT_TRUE(finish(*departure, kBack));
}

TEST_F(OidcSignIn, ComesBackFromAnotherProvider) {
  const auto departure = begin();
  const auto back = [&](const char* issuer) {
    return reason(finish(*departure, {{"code", "code"}, {"iss", issuer}}));
  };
  EXPECT_EQ(back("https://evil.example/"), "mixed_up_issuer");
  EXPECT_EQ(back(""), "mixed_up_issuer");
  EXPECT_EQ(provider.count("/token"), 0) << "its code is brought to nobody";
  EXPECT_EQ(back(provider.issuer().c_str()), "");
}

TEST_F(OidcSignIn, WantsTheIssuerInTheAnswerWhereItIsPromised) {
  provider.metadata["authorization_response_iss_parameter_supported"] = true;
  const auto departure = begin();
  EXPECT_EQ(reason(finish(*departure, kBack)), "missing_issuer");
  EXPECT_EQ(reason(finish(*departure, {{"error", "access_denied"}})), "missing_issuer");
  EXPECT_EQ(reason(finish(*departure, {{"code", "code"}, {"iss", provider.issuer()}})), "");
}

TEST_F(OidcSignIn, HearsARefusal) {
  const auto departure = begin();
  const struct {
    const char* error;
    bool again;
    Why why;
    const char* reason;
  } rows[] = {
      {"access_denied", false, Why::denied, "access_denied"},
      {"consent_required", false, Why::denied, "consent_required"},
      {"login_required", false, Why::denied, "login_required"},
      {"login_required", true, Why::not_fresh, "login_required"},
      {"temporarily_unavailable", false, Why::unavailable, "temporarily_unavailable"},
      {"server_error", false, Why::unavailable, "server_error"},
      {"invalid_scope", false, Why::misconfigured, "invalid_scope"},
      {"unauthorized_client", false, Why::misconfigured, "unauthorized_client"},
      {"something else", false, Why::denied, "refused"},
  };
  for (const auto& row : rows) {
    const auto person =
        finish(*departure, {{"error", row.error}, {"error_description", "said\nso"}}, row.again);
    EXPECT_EQ(reason(person), row.reason);
    EXPECT_EQ(error_of(person).why, row.why) << row.error;
    EXPECT_THAT(error_of(person).sentence, Not(HasSubstr("\n")));
  }
  EXPECT_EQ(reason(finish(*departure, {{"state", "the state"}})), "missing_code");
  EXPECT_EQ(reason(finish(*departure, {{"code", "a"}, {"code", "b"}})), "repeated_parameter");
  EXPECT_EQ(provider.count("/token"), 0);
}

TEST_F(OidcSignIn, HearsARefusalOfTheCode) {
  const auto departure = begin();
  const struct {
    Said said;
    Why why;
    const char* reason;
  } rows[] = {
      {{.status = 400, .body = R"({"error":"invalid_grant"})"}, Why::not_believed, "invalid_grant"},
      {{.status = 401, .body = R"({"error":"invalid_client"})"},
       Why::misconfigured,
       "invalid_client"},
      {{.status = 400, .body = R"({"error":"odd"})"}, Why::not_believed, "refused_code"},
      {{.status = 200, .body = R"({"error":"bad_verification_code"})"},
       Why::not_believed,
       "bad_verification_code"},  // GitHub
      {{.status = 401, .body = ""}, Why::misconfigured, "refused_code"},
      {{.status = 404, .body = "<html>"}, Why::misconfigured, "refused_code"},
      {{.status = 429, .body = ""}, Why::unavailable, "provider_error"},
      {{.status = 503, .body = ""}, Why::unavailable, "provider_error"},
      {{.body = R"({"access_token":"a\r\nX: y","token_type":"Bearer"})"},
       Why::not_believed,
       "malformed_access_token"},
  };
  for (const auto& row : rows) {
    provider.instead["/token"] = row.said;
    const auto person = finish(*departure, kBack);
    EXPECT_EQ(reason(person), row.reason);
    EXPECT_EQ(error_of(person).why, row.why) << row.reason;
  }
}

TEST_F(OidcSignIn, BindsTheCodeToTheBrowserThatBegan) {
  const auto mine = begin();
  ASSERT_TRUE(begin());  // another's, whose code it is
  EXPECT_EQ(reason(finish(*mine, kBack)), "invalid_grant");
  EXPECT_EQ(reason(finish({.url = "", .memo = "{}"}, kBack)), "invalid_grant");
  EXPECT_EQ(reason(finish({.url = "", .memo = ""}, kBack)), "malformed_memo");
}

TEST_F(OidcSignIn, FindsTheStateInWhatCameBack) {
  EXPECT_EQ(ours().state_of(kBack), "the state");
  EXPECT_FALSE(ours().state_of({{"state", ""}}));
  EXPECT_FALSE(ours().state_of({{"state", "a"}, {"state", "b"}}));
  EXPECT_FALSE(ours().state_of({}));
}

}  // namespace
}  // namespace latchkey::outbound::oidc::testing
