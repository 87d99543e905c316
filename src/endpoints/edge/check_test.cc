// The edge's column of the table of standings.
#include "endpoints/edge/check.h"

#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"
#include "endpoints/request/calls_testing.h"

namespace latchkey::edge {
namespace {

using namespace std::chrono_literals;
using request::testing::answer;
using request::testing::at_once;
using request::testing::Call;
using request::testing::header_of;
using request::testing::json_of;
using sessions::testing::TestSessions;

class EdgeCheck : public sessions::testing::OnEachEngine {
 protected:
  EdgeCheck() { mount(router_, edge_); }

  static Call asking(std::vector<http::Header> headers) {
    return {.method = http::Method::get, .target = "/edge/check", .headers = std::move(headers)};
  }
  http::Response ask(const std::string& token) {
    const std::string value = "Bearer " + token;
    return answer(router_, asking({{"Authorization", value}}));
  }
  void expect_pass(const http::Response& response, const char* what) {
    EXPECT_EQ(response.status, 200) << what;
    EXPECT_TRUE(response.body.empty()) << what;
  }
  void expect_stop(const http::Response& response, std::string_view errcode, bool soft,
                   const char* what) {
    EXPECT_EQ(response.status, 401) << what;
    EXPECT_EQ(json_of(response).at("errcode").as_string(), errcode) << what;
    EXPECT_EQ(json_of(response).at("soft_logout").as_bool(), soft) << what;
    EXPECT_EQ(header_of(response, "X-Matrix-Error"), response.body) << what;
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store") << what;
  }

  Edge edge_{.sessions = *server_, .server_name = "example.com"};
  http::Router router_;
  sessions::Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

INSTANTIATE_TEST_SUITE_P(Engines, EdgeCheck, db::engines(), db::engine_name);

TEST_P(EdgeCheck, PassesWhatIsGoodAndWhatIsNotOurs) {
  expect_pass(ask(phone_.access()), "good");
  expect_pass(ask("syt_YWxpY2U_abc_def"), "the homeserver's");
  expect_pass(answer(router_, asking({})), "none: the homeserver has public endpoints");
  expect_pass(answer(router_, asking({{"Authorization", "Basic eDp5"}})), "another scheme");
  server_.suspend(alice_);
  expect_pass(ask(phone_.access()), "suspended");
}

TEST_P(EdgeCheck, StopsWithTheFinalAnswer) {
  expect_stop(ask("lka_garbage"), "M_UNKNOWN_TOKEN", false, "malformed");
  expect_stop(ask(phone_.refresh()), "M_UNKNOWN_TOKEN", false, "a refresh token");
  server_.lock(alice_);
  expect_stop(ask(phone_.access()), "M_USER_LOCKED", true, "locked");
  server_.lock(alice_, false);
  server_.clock.advance(5min);
  expect_stop(ask(phone_.access()), "M_UNKNOWN_TOKEN", true, "expired: no slack here");
  server_.sign_out(phone_.access()).value();
  expect_stop(ask(phone_.access()), "M_UNKNOWN_TOKEN", false, "ended by a person");
}

TEST_P(EdgeCheck, AnswersAtOnceWhatItKnows) {
  const std::string value = "Bearer " + phone_.access();
  const Call call = asking({{"Authorization", value}, {"X-Original-URI", "/sync?since=s1"}});
  EXPECT_FALSE(at_once(router_, call));
  answer(router_, call);
  answer(router_, call);
  EXPECT_TRUE(at_once(router_, call));
  server_.sign_out(phone_.access()).value();
  EXPECT_FALSE(at_once(router_, call));
  EXPECT_EQ(answer(router_, call).status, 401);
}

TEST_P(EdgeCheck, JudgesATokenInTheQueryToo) {
  const std::string uri = "/sync?access_token=" + phone_.access();
  const Call call = asking({{"X-Forwarded-Uri", uri}});
  expect_pass(answer(router_, call), "good");
  server_.sign_out(phone_.access()).value();
  expect_stop(answer(router_, call), "M_UNKNOWN_TOKEN", false, "ended");
}

// Envoy puts its prefix before the request's path, and keeps the method.
TEST_P(EdgeCheck, IsAskedByAnyMethodWithThePathOfTheRequest) {
  const std::string value = "Bearer " + phone_.access();
  const std::vector<http::Header> bearer{{"Authorization", value}};
  using http::Method;
  const auto methods = {Method::get,     Method::head,    Method::post, Method::put,
                        Method::delete_, Method::options, Method::other};
  const Call one{.method = Method::post, .target = "/edge/check/_matrix/x", .headers = bearer};
  expect_pass(answer(router_, one), "read");
  for (const Method method : methods) {
    Call call = one;
    call.method = method;
    expect_pass(answer(router_, call), "good");
  }
  EXPECT_TRUE(at_once(router_, one));
  const std::string target = "/edge/check/sync?access_token=" + phone_.access();
  const Call queried{.method = Method::get, .target = target, .headers = {}};
  expect_pass(answer(router_, queried), "in the query");
  server_.sign_out(phone_.access()).value();
  for (const Method method : methods) {
    Call call = one;
    call.method = method;
    expect_stop(answer(router_, call), "M_UNKNOWN_TOKEN", false, "ended");
  }
  expect_stop(answer(router_, queried), "M_UNKNOWN_TOKEN", false, "ended, in the query");
}

TEST_P(EdgeCheck, NamesTheUserAndTheDeviceWhereTheTokenIsTranslated) {
  const Edge translating{.sessions = *server_,
                         .server_name = "example.com",
                         .options = {.translate = EdgeOptions::Translate::application_service}};
  http::Router router;
  mount(router, translating);
  const std::string value = "Bearer " + phone_.access();
  const std::string expected = "/sync?since=s1&user_id=%40alice%3Aexample.com&device_id=PHONE";
  const Call call =
      asking({{"Authorization", value}, {"X-Original-URI", "/sync?since=s1&user_id=x"}});
  for (int known = 0; known < 3; ++known) {
    const auto response = answer(router, call);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header_of(response, "X-Matrix-Target"), expected);
  }
  const std::string queried = "/sync?since=s1&access_token=" + phone_.access();
  EXPECT_EQ(header_of(answer(router, asking({{"X-Forwarded-Uri", queried}})), "X-Matrix-Target"),
            expected);
  EXPECT_EQ(answer(router, asking({{"Authorization", value}})).status, 500) << "what is asked for";
  const Call elsewhere = asking({{"Authorization", value}, {"X-Original-URI", "@elsewhere/"}});
  EXPECT_EQ(answer(router, elsewhere).status, 500);
  const auto unclear =
      answer(router, asking({{"Authorization", value}, {"X-Original-URI", "/sync?%=x#"}}));
  EXPECT_EQ(unclear.status, 403);
  const Call by_path{.method = http::Method::put,
                     .target = "/edge/check/sync?since=s1",
                     .headers = {{"Authorization", value}}};
  EXPECT_EQ(header_of(answer(router, by_path), "X-Matrix-Target"), expected);
  for (const auto& others : std::vector<std::vector<http::Header>>{
           {{"X-Original-URI", "/sync"}},
           {{"Authorization", "Bearer syt_x"}, {"X-Original-URI", "/sync?user_id=@irc:a"}}}) {
    expect_pass(answer(router, asking(others)), "not ours");
    EXPECT_EQ(header_of(answer(router, asking(others)), "X-Matrix-Target"), "");
  }
  server_.sign_out(phone_.access()).value();
  EXPECT_EQ(answer(router, call).status, 401);
  EXPECT_EQ(header_of(answer(router, call), "X-Matrix-Target"), "");
}

// Nothing about any session is said by it, so a client must not wipe its keys over it.
TEST_P(EdgeCheck, RefusesWhatTwoReadersReadDifferently) {
  const std::string value = "Bearer " + phone_.access();
  for (const auto& headers : std::vector<std::vector<http::Header>>{
           {{"Authorization", value}, {"Authorization", value}},
           {{"Authorization", value}, {"X-Original-URI", "/sync?access_token=b"}},
           {{"X-Original-URI", "/sync?access_token=a&access_token=b"}},
           {{"Authorization", "bearer x"}},
       }) {
    const auto response = answer(router_, asking(headers));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(json_of(response).at("errcode").as_string(), "M_FORBIDDEN");
    EXPECT_FALSE(json_of(response).contains("soft_logout"));
    EXPECT_EQ(header_of(response, "X-Matrix-Error"), response.body);
  }
}

TEST_P(EdgeCheck, IsAFaultThatPassesWhileTheDatabaseIsAway) {
  server_.db().close();
  EXPECT_THROW(ask(phone_.access()), db::Unavailable);
  expect_pass(ask("syt_YWxpY2U_abc_def"), "needs no database");
}

}  // namespace
}  // namespace latchkey::edge
