#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "domain/sessions/sessions_testing.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/calls_testing.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using request::testing::answer;
using request::testing::header_of;
using request::testing::json_of;
using sessions::testing::kNoon;

constexpr auto* kGood =
    R"({"client_uri":"https://example.com/","redirect_uris":["https://example.com/cb"]})";

class Register : public sessions::testing::OnEachEngine {
 protected:
  Register() {
    request::Routes routes(router_, {.name = "oauth", .refuse = server_refusal});
    mount_registration(routes, server_.clock, clients_, limits_);
  }

  http::Response ask(const std::string& body) {
    return answer(router_, {.method = http::Method::post,
                            .target = std::string(path::kRegistration),
                            .headers = {},
                            .body = body});
  }
  void expect_refused(const std::string& body, std::string_view code) {
    const auto response = ask(body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
    const auto object = json_of(response);
    EXPECT_EQ(std::string_view(object.at("error").as_string()), code) << body;
    for (const char c : object.at("error_description").as_string()) {
      EXPECT_TRUE(c >= ' ' && c <= '~' && c != '"' && c != '\\') << body;
    }
  }

  clients::Clients clients_{server_.ground(), {}};
  limits::AttemptLimits limits_{limits::AttemptLimitOptions{.client_registrations = 20}};
  http::Router router_;
};

INSTANTIATE_TEST_SUITE_P(Engines, Register, db::engines(), db::engine_name);

TEST_P(Register, AnswersWhatWasRegistered) {
  const auto response = ask(kGood);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  const auto body = json_of(response);
  EXPECT_EQ(body.at("client_id_issued_at").as_int64(), to_millis(kNoon) / 1000);
  EXPECT_EQ(body.at("token_endpoint_auth_method").as_string(), "none");
  EXPECT_EQ(body.at("redirect_uris"), (boost::json::array{"https://example.com/cb"}));
  EXPECT_FALSE(body.contains("client_secret"));
  EXPECT_EQ(json_of(ask(kGood)), body) << "the same client";
}

TEST_P(Register, Refuses) {
  for (const auto* body :
       {"", "[]", "client_name=x", R"({"client_uri":1})", "{}", R"({"a":1,"a":2})",
        R"({"client_uri":"https://example.com/","client_name#é\\\"":"x"})"}) {
    expect_refused(body, "invalid_client_metadata");
  }
  expect_refused(R"({"client_uri":"https://example.com/"})", "invalid_redirect_uri");
  expect_refused(R"({"client_uri":"https://example.com/","redirect_uris":["https://é\\\"/"]})",
                 "invalid_redirect_uri");
}

TEST_P(Register, LimitsAnAddress) {
  const auto another = [](int number) {
    auto body = boost::json::parse(kGood).as_object();
    body["client_name"] = "App " + std::to_string(number);
    return boost::json::serialize(body);
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(another(i)).status, 201);
  EXPECT_EQ(ask(another(3)).status, 201) << "known already";
  const auto limited = ask(another(20));
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(header_of(limited, "Retry-After"), "10");
  EXPECT_EQ(json_of(limited).at("error").as_string(), "temporarily_unavailable");
  server_.clock.advance(10s);
  EXPECT_EQ(ask(another(20)).status, 201);
}

}  // namespace
}  // namespace latchkey::oauth
