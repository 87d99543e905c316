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
  EdgeCheck() { mount(router_, *server_); }

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
