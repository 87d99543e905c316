#include "domain/oauth/authorization_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/error_testing.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNoon{Duration{1'800'000'000'000}};
constexpr const char* kCallback = "https://app.example/callback";

std::shared_ptr<const clients::Client> sample_client() {
  clients::Client client;
  client.id = "app";
  client.redirect_uris = {kCallback};
  client.grant_types = {"authorization_code", "refresh_token"};
  client.response_types = {"code"};
  return std::make_shared<const clients::Client>(std::move(client));
}

AuthorizationParameters good() {
  AuthorizationParameters p;
  p.response_type = "code";
  p.redirect_uri = kCallback;
  p.scope = "urn:matrix:client:api:* urn:matrix:client:device:AAABBBCCC";
  p.state = "st";
  p.code_challenge = "72xySjpngTcCxgbPfFmkPHjMvVDl2jW1aWP7-J6rmwU";
  p.code_challenge_method = "S256";
  return p;
}

TEST(AuthorizationRequest, IsRead) {
  auto p = good();
  p.prompt = "login consent";
  p.max_age = "60";
  p.response_mode = "fragment";
  const auto request = read_authorization_request(sample_client(), p);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->mode, ResponseMode::fragment);
  EXPECT_EQ(request->scope.device_id, "AAABBBCCC");
  EXPECT_TRUE(request->prompt.login && request->prompt.consent && !request->prompt.none);
  EXPECT_EQ(request->max_age, Duration(60s));
}

TEST(AuthorizationRequest, LeadsNobodyAwayWhoOnlyOpensALink) {
  clients::Client operators = *sample_client();
  operators.configured = true;
  EXPECT_FALSE(may_redirect_at_once(*sample_client(), false));
  EXPECT_TRUE(may_redirect_at_once(*sample_client(), true));
  EXPECT_TRUE(may_redirect_at_once(operators, false));
}

TEST(AuthorizationRequest, NobodyIsAnsweredWhomTheClientDidNotName) {
  EXPECT_TRUE(
      std::holds_alternative<NotTheClients>(error_of(read_authorization_request(nullptr, good()))));
  for (const char* uri : {"", "https://app.example/callback/", "https://evil.example/callback",
                          "https://app.example/callback#", "https://APP.example/callback",
                          "https://app.example@evil.example/callback"}) {
    auto p = good();
    p.redirect_uri = uri;
    const auto request = read_authorization_request(sample_client(), p);
    ASSERT_FALSE(request.has_value()) << uri;
    EXPECT_TRUE(std::holds_alternative<NotTheClients>(error_of(request))) << uri;
  }
}

TEST(AuthorizationRequest, IsRefusedToTheClient) {
  struct Row {
    const char* name;
    void (*change)(AuthorizationParameters&);
    const char* error;
  };
  const Row rows[] = {
      {"a parameter twice", [](auto& p) { p.has_duplicates = true; }, "invalid_request"},
      {"a request object", [](auto& p) { p.has_request = true; }, "request_not_supported"},
      {"its address", [](auto& p) { p.has_request_uri = true; }, "request_uri_not_supported"},
      {"a state that a form would change",
       [](auto& p) { p.response_mode = "form_post", p.state = "a\nb"; }, "invalid_request"},
      {"no response type", [](auto& p) { p.response_type = ""; }, "invalid_request"},
      {"the implicit grant", [](auto& p) { p.response_type = "token"; },
       "unsupported_response_type"},
      {"another mode", [](auto& p) { p.response_mode = "web_message"; }, "invalid_request"},
      {"no PKCE", [](auto& p) { p.code_challenge = p.code_challenge_method = ""; },
       "invalid_request"},
      {"PKCE downgraded", [](auto& p) { p.code_challenge_method = "plain"; }, "invalid_request"},
      {"PKCE downgraded by silence", [](auto& p) { p.code_challenge_method = ""; },
       "invalid_request"},
      {"a challenge of another length", [](auto& p) { p.code_challenge += "="; },
       "invalid_request"},
      {"an unknown scope", [](auto& p) { p.scope = "x"; }, "invalid_scope"},
      {"an unknown prompt", [](auto& p) { p.prompt = "dance"; }, "invalid_request"},
      {"none and more", [](auto& p) { p.prompt = "none login"; }, "invalid_request"},
      {"no age", [](auto& p) { p.max_age = "-1"; }, "invalid_request"},
      {"an age that is no number", [](auto& p) { p.max_age = "5m"; }, "invalid_request"},
      {"an endless state", [](auto& p) { p.state = std::string(3000, 'x'); }, "invalid_request"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    auto p = good();
    row.change(p);
    const auto request = read_authorization_request(sample_client(), p);
    ASSERT_FALSE(request.has_value());
    const auto refused = error_of(request);
    const auto* told = std::get_if<ToClient>(&refused);
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(told->error, row.error);
    EXPECT_EQ(told->where.redirect_uri, kCallback);
    EXPECT_FALSE(told->sentence.empty());
  }
}

TEST(AuthorizationRequest, IsAnsweredByAFormWhereFormsAreTaken) {
  clients::Client client = *sample_client();
  client.type = clients::ApplicationType::native;
  client.redirect_uris = {kCallback, "http://127.0.0.1/callback", "com.example.app:/callback"};
  const auto shared = std::make_shared<const clients::Client>(client);
  auto p = good();
  p.response_mode = "form_post";
  EXPECT_EQ(read_authorization_request(shared, p).value().mode, ResponseMode::form_post);
  p.redirect_uri = "http://127.0.0.1:8080/callback";
  EXPECT_EQ(read_authorization_request(shared, p).value().mode, ResponseMode::form_post);
  p.redirect_uri = "com.example.app:/callback";
  const auto refused = read_authorization_request(shared, p);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(std::get<ToClient>(error_of(refused)).where.mode, ResponseMode::query);
}

TEST(AuthorizationRequest, LeavesPkceOutOnlyWithANonceAndWhereTheOperatorSaysSo) {
  clients::Client client = *sample_client();
  client.needs_pkce = false;
  const auto lax = std::make_shared<const clients::Client>(client);
  struct Row {
    const char* name;
    void (*change)(AuthorizationParameters&);
    bool good;
  };
  const Row rows[] = {
      {"with a nonce", [](auto&) {}, true},
      {"without", [](auto& p) { p.nonce = ""; }, false},
      {"without an ID token to find it in",
       [](auto& p) { p.scope = "urn:matrix:client:api:* urn:matrix:client:device:AAABBBCCC"; },
       false},
      {"with a plain challenge",
       [](auto& p) { p.code_challenge = "x", p.code_challenge_method = "plain"; }, false},
      {"with half of PKCE", [](auto& p) { p.code_challenge_method = "S256"; }, false},
      {"with PKCE of no kind", [](auto& p) { p.code_challenge = good().code_challenge; }, false},
      {"with PKCE and no nonce",
       [](auto& p) {
         p.nonce = "", p.code_challenge = good().code_challenge, p.code_challenge_method = "S256";
       },
       true},
  };
  for (const Row& row : rows) {
    auto p = good();
    p.scope = "openid";
    p.nonce = "n-0S6";
    p.code_challenge = p.code_challenge_method = "";
    row.change(p);
    EXPECT_EQ(read_authorization_request(lax, p).has_value(), row.good) << row.name;
  }
}

TEST(AuthorizationRequest, SaysThatPkceIsMissingRatherThanWrong) {
  auto p = good();
  p.code_challenge = p.code_challenge_method = "";
  const auto request = read_authorization_request(sample_client(), p);
  EXPECT_THAT(std::get<ToClient>(error_of(request)).sentence,
              testing::HasSubstr("PKCE is missing"));
}

TEST(AuthorizationRequest, ItsClientMustHaveRegisteredTheGrant) {
  clients::Client client = *sample_client();
  client.grant_types = {"refresh_token"};
  const auto request =
      read_authorization_request(std::make_shared<const clients::Client>(client), good());
  ASSERT_FALSE(request.has_value());
  EXPECT_EQ(std::get<ToClient>(error_of(request)).error, "unauthorized_client");
}

TEST(AuthorizationStep, FollowsThePromptAndTheBrowser) {
  using enum AuthorizationStep;
  struct Row {
    const char* name;
    const char* prompt;
    const char* max_age;
    bool signed_in;
    bool consented;
    AuthorizationStep step;
  };
  const Row rows[] = {
      {"signed out", "", "", false, false, sign_in},
      {"signed in", "", "", true, false, ask_consent},
      {"asked again although it consented", "", "", true, true, ask_consent},
      {"create", "create", "", true, true, sign_up},
      {"login, signed out", "login", "", false, false, sign_in},
      {"login, signed in", "login", "", true, true, give_password_again},
      {"the password is younger than max_age", "", "601", true, false, ask_consent},
      {"the password is as old as max_age", "", "600", true, false, give_password_again},
      {"max_age=0 always asks", "", "0", true, false, give_password_again},
      {"none, signed out", "none", "", false, false, login_required},
      {"none, too old", "none", "0", true, true, login_required},
      {"none, without consent", "none", "", true, false, consent_required},
      {"none, with consent", "none", "", true, true, grant},
      {"consent", "consent", "", true, true, ask_consent},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    auto p = good();
    p.prompt = row.prompt;
    p.max_age = row.max_age;
    const auto request = read_authorization_request(sample_client(), p);
    ASSERT_TRUE(request.has_value());
    signin::BrowserSession browser;
    browser.authenticated.at = kNoon - 10min;
    EXPECT_EQ(next_step(*request, row.signed_in ? &browser : nullptr, row.consented, kNoon),
              row.step);
  }
}

TEST(AuthorizationStep, NothingIsHandedWithoutAClickToWhoeverListensOnThisMachine) {
  for (const char* uri : {"http://127.0.0.1/callback", "com.example.app:/callback"}) {
    clients::Client client = *sample_client();
    client.type = clients::ApplicationType::native;
    client.redirect_uris = {uri};
    auto p = good();
    p.redirect_uri = uri;
    p.prompt = "none";
    const auto request =
        read_authorization_request(std::make_shared<const clients::Client>(client), p);
    ASSERT_TRUE(request.has_value()) << uri;
    signin::BrowserSession browser;
    browser.authenticated.at = kNoon;
    EXPECT_EQ(next_step(*request, &browser, true, kNoon), AuthorizationStep::consent_required);
  }
}

TEST(AuthorizationStep, AnAppGetsNobodyElseThanWhomItMeans) {
  using enum AuthorizationStep;
  signin::BrowserSession browser;
  browser.account.id = UserId{7};
  browser.authenticated.at = kNoon;
  const auto step = [&](const char* prompt, auto change) {
    auto p = good();
    p.prompt = prompt;
    auto request = read_authorization_request(sample_client(), p).value();
    change(request);
    return next_step(request, &browser, true, kNoon);
  };
  const auto same = [](auto& request) { request.hinted = UserId{7}; };
  const auto another = [](auto& request) { request.hinted = UserId{8}; };
  const auto nobody = [](auto& request) { request.wrong_hint = true; };
  EXPECT_EQ(step("none", same), grant);
  EXPECT_EQ(step("none", another), login_required);
  EXPECT_EQ(step("none", nobody), login_required);
  EXPECT_EQ(step("", another), use_another_account);
}

TEST(AuthorizationStep, NobodyIsAskedWhetherTheOperatorsOwnAppMay) {
  using enum AuthorizationStep;
  struct Row {
    const char* prompt;
    const char* max_age;
    const char* uri;
    bool signed_in;
    AuthorizationStep step;
  };
  constexpr const char* kLoopback = "http://127.0.0.1/callback";
  for (const Row& row : std::initializer_list<Row>{
           {"", "", kCallback, true, grant},
           {"", "", kCallback, false, sign_in},
           {"none", "", kCallback, true, grant},
           {"none", "", kCallback, false, login_required},
           {"none", "0", kCallback, true, login_required},
           {"login", "", kCallback, true, give_password_again},
           {"create", "", kCallback, true, sign_up},
           {"", "0", kCallback, true, give_password_again},
           {"consent", "", kCallback, true, ask_consent},
           {"select_account", "", kCallback, true, ask_consent},
           {"", "", kLoopback, true, ask_consent},
           {"none", "", kLoopback, true, consent_required},
       }) {
    clients::Client client = *sample_client();
    client.type = clients::ApplicationType::native;
    client.redirect_uris.emplace_back(kLoopback);
    client.first_party = true;
    auto p = good();
    p.prompt = row.prompt;
    p.max_age = row.max_age;
    p.redirect_uri = row.uri;
    const auto request =
        read_authorization_request(std::make_shared<const clients::Client>(client), p);
    ASSERT_TRUE(request.has_value());
    signin::BrowserSession browser;
    browser.authenticated.at = kNoon - 10min;
    EXPECT_EQ(next_step(*request, row.signed_in ? &browser : nullptr, false, kNoon), row.step)
        << row.prompt << ' ' << row.max_age << ' ' << row.uri;
  }
}

TEST(Redirect, PutsTheAnswerWhereTheModeSays) {
  EXPECT_EQ(redirect_to({kCallback, ResponseMode::query, ""}, "code=a"),
            "https://app.example/callback?code=a");
  EXPECT_EQ(redirect_to({"https://a.example/?x=1", ResponseMode::query, ""}, "code=a"),
            "https://a.example/?x=1&code=a");
  EXPECT_EQ(redirect_to({kCallback, ResponseMode::fragment, ""}, "code=a"),
            "https://app.example/callback#code=a");
}

}  // namespace
}  // namespace latchkey::oauth
