// RFC 7662, as Synapse asks it, and its column of the table of standings.
#include "endpoints/oauth/introspect.h"

#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/request/calls_testing.h"
#include "platform/text/ulid.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using request::testing::answer;
using request::testing::at_once;
using request::testing::Call;
using request::testing::header_of;
using request::testing::json_of;
using sessions::testing::kNoon;
using sessions::testing::TestSessions;

class Introspect : public sessions::testing::OnEachEngine {
 protected:
  Introspect() {
    request::Routes routes(router_, {.name = "oauth", .refuse = server_refusal});
    mount_introspection(routes, server_.clock, *server_, secret_, limits_);
  }

  static Call asking(std::string body, std::string_view authorization = "Bearer shared") {
    return {.method = http::Method::post,
            .target = "/oauth2/introspect",
            .headers = {{"Authorization", authorization}},
            .body = std::move(body)};
  }
  boost::json::object ask(const std::string& token) {
    return json_of(answer(router_, asking("token=" + token)));
  }
  bool active(const std::string& token) { return ask(token).at("active").as_bool(); }

  const crypto::Secret secret_{"shared"};
  limits::AttemptLimits limits_{{}};
  http::Router router_;
  sessions::Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

INSTANTIATE_TEST_SUITE_P(Engines, Introspect, db::engines(), db::engine_name);

// RFC 6749 section 2.3.1. Which guess was right is not told either.
TEST_P(Introspect, LetsNobodyGuessTheSecret) {
  ask(phone_.access());  // remembered from now on
  for (int guess = 0; guess < 20; ++guess) {
    EXPECT_EQ(answer(router_, asking("token=x", "Bearer guess")).status, 401) << guess;
  }
  for (const char* secret : {"Bearer guess", "Bearer shared"}) {
    const Call call = asking("token=" + phone_.access(), secret);
    EXPECT_FALSE(at_once(router_, call));
    const auto refused = answer(router_, call);
    EXPECT_EQ(refused.status, 429) << secret;
    EXPECT_NE(header_of(refused, "Retry-After"), "");
  }
  server_.clock.advance(5s);
  EXPECT_TRUE(active(phone_.access())) << "the homeserver goes on";
}

TEST_P(Introspect, SaysWhoStandsBehindAToken) {
  server_.clock.advance(1min);
  const auto body = ask(phone_.access());
  EXPECT_TRUE(body.at("active").as_bool());
  EXPECT_EQ(body.at("scope").as_string(), "urn:matrix:client:api:* urn:matrix:client:device:PHONE");
  EXPECT_EQ(body.at("username").as_string(), "alice");
  EXPECT_EQ(body.at("device_id").as_string(), "PHONE");
  EXPECT_EQ(body.at("sub").as_string(), text::format_id(alice_.id).c_str());
  EXPECT_EQ(body.at("token_type").as_string(), "Bearer");
  EXPECT_EQ(body.at("iat").as_int64(), to_millis(kNoon) / 1000);
  EXPECT_EQ(body.at("exp").as_int64(), to_millis(kNoon + 5min + 30s) / 1000);
  EXPECT_EQ(body.at("expires_in").as_int64(), 4 * 60 + 30);
}

TEST_P(Introspect, SaysTheSameFromMemoryButForTheTime) {
  const auto first = ask(phone_.access());
  ask(phone_.access());
  EXPECT_TRUE(at_once(router_, asking("token=" + phone_.access())));
  EXPECT_TRUE(
      at_once(router_, asking("token=" + phone_.access() + "&token_type_hint=access_token")));
  EXPECT_EQ(ask(phone_.access()), first);
  server_.clock.advance(10s);
  EXPECT_EQ(ask(phone_.access()).at("expires_in").as_int64(), 5 * 60 + 20);
  EXPECT_EQ(ask(phone_.access()).at("exp"), first.at("exp"));
}

TEST_P(Introspect, ATokenThatDoesNotExpireHasNoEnd) {
  auto wanted = TestSessions::refreshing("TABLET");
  wanted.refreshes = false;
  const auto body = ask(server_.sign_in(alice_, wanted).access());
  EXPECT_TRUE(body.at("active").as_bool());
  EXPECT_FALSE(body.contains("exp"));
  EXPECT_FALSE(body.contains("expires_in"));
}

TEST_P(Introspect, ADeviceThatNoScopeCanHoldStandsInItsOwnFieldAlone) {
  const auto body =
      ask(server_.sign_in(alice_, TestSessions::refreshing("my \"phone\" é")).access());
  EXPECT_EQ(body.at("scope").as_string(), "urn:matrix:client:api:*");
  EXPECT_EQ(body.at("device_id").as_string(), "my \"phone\" é");
}

TEST_P(Introspect, TellsNothingOfWhatIsNotGood) {
  const auto expect_inactive = [this](const std::string& token) {
    const auto response = answer(router_, asking("token=" + token));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, R"({"active":false})") << token.substr(0, 4);
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  };
  expect_inactive("syt_x");
  expect_inactive("lka_x");
  expect_inactive(phone_.refresh());
  server_.sign_out(phone_.access()).value();
  expect_inactive(phone_.access());
}

// What passed the edge a moment ago must not become a hard 401 behind it.
TEST_P(Introspect, ForgivesWhatWentSoftOrLockedJustNow) {
  server_.lock(alice_);
  EXPECT_TRUE(active(phone_.access()));
  server_.clock.advance(30s);
  EXPECT_FALSE(active(phone_.access()));
  server_.lock(alice_, false);
  server_.clock.advance(4min + 59s);
  EXPECT_TRUE(active(phone_.access()));
  EXPECT_EQ(ask(phone_.access()).at("expires_in").as_int64(), 1);
  server_.clock.advance(1s);
  EXPECT_FALSE(active(phone_.access()));
}

TEST_P(Introspect, TakesTheSchemeInAnyCaseAndASecretOfAnyCharacters) {
  const crypto::Secret odd{"p@ss, w\"rd = \xc3\xa4"};
  http::Router router;
  request::Routes routes(router, {.name = "oauth", .refuse = server_refusal});
  mount_introspection(routes, server_.clock, *server_, odd, limits_);
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER "}) {
    const std::string shown = scheme + std::string(odd.reveal());
    const auto body = json_of(answer(router, asking("token=" + phone_.access(), shown)));
    EXPECT_TRUE(body.at("active").as_bool()) << scheme;
    EXPECT_TRUE(at_once(router, asking("token=" + phone_.access(), shown))) << scheme;
  }
}

TEST_P(Introspect, AnswersOnlyWhoKnowsTheSecret) {
  const std::string body = "token=" + phone_.access();
  active(phone_.access());
  active(phone_.access());
  for (const std::string_view value : {"", "Bearer ", "Bearer wrong", "Bearer share",
                                       "Bearer shared ", "Bearershared", "Basic c2hhcmVk"}) {
    const Call call = asking(body, value);
    EXPECT_FALSE(at_once(router_, call)) << value;
    const auto response = answer(router_, call);
    EXPECT_EQ(response.status, 401) << value;
    EXPECT_EQ(json_of(response).at("error").as_string(), "invalid_client") << value;
    const bool basic = value.starts_with("Basic");
    EXPECT_EQ(header_of(response, "WWW-Authenticate"), basic ? "Basic realm=\"oauth2\"" : "Bearer");
  }
  Call twice = asking(body);
  twice.headers.push_back({"Authorization", "Bearer shared"});
  EXPECT_EQ(answer(router_, twice).status, 401);
}

// RFC 7662 section 4: what a token is worth is told to who may use it.
TEST_P(Introspect, TellsAClientOfItsOwnTokensAlone) {
  std::string asks;  // the client_id that has been proved
  http::Router router;
  request::Routes routes(router, {.name = "oauth", .refuse = server_refusal});
  mount_introspection(routes, server_.clock, *server_, secret_, limits_,
                      [&asks](const http::Request&, const http::Form&)
                          -> Task<std::expected<std::string, http::Response>> { co_return asks; });
  const auto granted = [&](const std::string& client) {
    auto wanted = TestSessions::refreshing("OF-" + client);
    wanted.grant = sessions::ClientGrant{client, "openid"};
    wanted.method = sessions::Method::authorization_code;
    return server_.sign_in(alice_, wanted);
  };
  const auto app = granted("app");
  const auto other = granted("other");
  const auto told = [&](const TestSessions::SignedIn& session) {
    return json_of(answer(router, asking("token=" + session.access(), ""))).at("active").as_bool();
  };
  asks = "app";
  EXPECT_TRUE(told(app));
  EXPECT_FALSE(told(other));
  EXPECT_FALSE(told(phone_)) << "no client's at all";
  asks = "other";
  EXPECT_TRUE(told(other));
  EXPECT_FALSE(told(app));
  asks = "";
  EXPECT_EQ(answer(router, asking("token=" + app.access(), "")).status, 401);
}

TEST_P(Introspect, WithoutASecretAnswersNobody) {
  http::Router router;
  request::Routes routes(router, {.name = "oauth", .refuse = server_refusal});
  const crypto::Secret none;
  mount_introspection(routes, server_.clock, *server_, none, limits_);
  for (const std::string_view value : {"", "Bearer ", "Bearer x"}) {
    EXPECT_EQ(answer(router, asking("token=" + phone_.access(), value)).status, 401);
  }
}

TEST_P(Introspect, WantsExactlyOneToken) {
  for (const auto* body : {"", "token=", "other=x", "token=a&token=b", "token=%zz", "{}"}) {
    const auto response = answer(router_, asking(body));
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(json_of(response).at("error").as_string(), "invalid_request") << body;
  }
  EXPECT_EQ(ask("lka%5Fx").at("active").as_bool(), false) << "encoded is fine";
}

}  // namespace
}  // namespace latchkey::oauth
