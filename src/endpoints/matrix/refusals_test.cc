#include "endpoints/matrix/refusals.h"

#include <gtest/gtest.h>

#include "endpoints/request/calls_testing.h"

namespace latchkey::matrix {
namespace {

using namespace std::chrono_literals;
using request::testing::expect_error;
using request::testing::header_of;

std::string said(const boost::json::object& body) {
  return std::string(body.at("error").as_string());
}

TEST(Refusal, OfALogin) {
  using signin::LoginRefused;
  using Why = LoginRefused::Why;
  const auto refuse = [](Why why, Duration retry_after = 0s) {
    return refusal(LoginRefused{why, retry_after}, "https://example.com/");
  };
  expect_error(refuse(Why::wrong_credentials), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::account_deactivated), 403, "M_USER_DEACTIVATED");
  expect_error(refuse(Why::account_locked), 401, "M_USER_LOCKED", true);
  const auto limit = expect_error(refuse(Why::too_many_devices), 403, "M_USER_LIMIT_EXCEEDED");
  EXPECT_EQ(limit.at("info_uri").as_string(), "https://example.com/");
  for (const Why why : {Why::too_many_failures, Why::busy}) {
    const auto response = refuse(why, 2500ms);
    const auto body = expect_error(response, 429, "M_LIMIT_EXCEEDED");
    EXPECT_EQ(body.at("retry_after_ms").as_int64(), 2500);
    EXPECT_EQ(header_of(response, "Retry-After"), "3") << "whole seconds, rounded up";
  }
}

// Who could tell whose password it is does not answer: never a wrong password.
TEST(Refusal, OfALoginWithADirectory) {
  using Why = signin::LoginRefused::Why;
  const auto refuse = [](Why why) {
    return refusal(signin::LoginRefused{.why = why, .retry_after = 4500ms, .provider = "Directory"},
                   {});
  };
  const auto away = refuse(Why::directory_away);
  EXPECT_TRUE(
      expect_error(away, 503, "M_UNKNOWN").at("error").as_string().starts_with("Directory"));
  EXPECT_EQ(header_of(away, "Retry-After"), "5");
  expect_error(refuse(Why::directory_refuses), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::first_time), 403, "M_FORBIDDEN");
}

TEST(Refusal, OfADirectorysPersonWithoutAnAccount) {
  using Why = federation::Refused::Why;
  const auto refuse = [](Why why) {
    return refusal(federation::Refused{.why = why, .retry_after = 2500ms, .provider = "Directory"},
                   "https://example.com/account/");
  };
  expect_error(refuse(Why::no_account), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::name_taken), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::locked), 401, "M_USER_LOCKED", true);
  expect_error(refuse(Why::deactivated), 403, "M_USER_DEACTIVATED");
  for (const Why why : {Why::too_many, Why::busy, Why::unavailable}) {
    expect_error(refuse(why), 429, "M_LIMIT_EXCEEDED");
  }
  const auto asked = expect_error(refuse(Why::question), 403, "M_FORBIDDEN");
  EXPECT_TRUE(said(asked).contains("https://example.com/account/"));
}

TEST(Refusal, OfAnOperation) {
  using Why = self::Refused::Why;
  const auto refuse = [](Why why) {
    return refusal(self::Refused{.why = why,
                                 .standing = {sessions::Worth::soft, sessions::Reason::expired, {}},
                                 .weak = accounts::WeakPassword{accounts::WeakPassword::Why::easy},
                                 .retry_after = 2500ms},
                   "https://example.com/");
  };
  expect_error(refuse(Why::session_over), 401, "M_UNKNOWN_TOKEN", true);
  expect_error(refuse(Why::account_deactivated), 403, "M_USER_DEACTIVATED");
  expect_error(refuse(Why::service_itself), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::no_such_device), 404, "M_NOT_FOUND");
  expect_error(refuse(Why::weak_password), 400, "M_WEAK_PASSWORD");
  for (const Why why : {Why::too_many_failures, Why::busy}) {
    const auto body = expect_error(refuse(why), 429, "M_LIMIT_EXCEEDED");
    EXPECT_EQ(body.at("retry_after_ms").as_int64(), 2500);
  }
  expect_error(refuse(Why::directory_away), 503, "M_UNKNOWN");
  const auto elsewhere = expect_error(refusal(self::Refused{.why = Why::password_elsewhere,
                                                            .provider = "Directory",
                                                            .url = "https://password.example.org/"},
                                              {}),
                                      403, "M_FORBIDDEN");
  for (const char* told : {"Directory", "https://password.example.org/"}) {
    EXPECT_TRUE(said(elsewhere).contains(told)) << told;
  }
  // What is of the pages is none of a client's: it is told to confirm, and never that its token is
  // dead.
  for (const Why why : {Why::not_fresh, Why::browser_signed_out, Why::link_not_valid,
                        Why::wrong_password, Why::confirmation_used_up}) {
    expect_error(refuse(why), 403, "M_FORBIDDEN");
  }
}

TEST(Refusal, OfARegistration) {
  using registration::RegistrationRefused;
  using Why = RegistrationRefused::Why;
  const auto refuse = [](Why why) {
    const accounts::WeakPassword weak{accounts::WeakPassword::Why::too_short, 8};
    return refusal(RegistrationRefused{why, weak, 1s});
  };
  expect_error(refuse(Why::closed), 403, "M_FORBIDDEN");
  expect_error(refuse(Why::invalid_username), 400, "M_INVALID_USERNAME");
  expect_error(refuse(Why::username_taken), 400, "M_USER_IN_USE");
  const auto weak = expect_error(refuse(Why::weak_password), 400, "M_WEAK_PASSWORD");
  EXPECT_EQ(weak.at("error").as_string(), "The password is too short: use at least 8 characters.");
  for (const Why why : {Why::too_many, Why::busy}) {
    const auto response = refuse(why);
    EXPECT_EQ(expect_error(response, 429, "M_LIMIT_EXCEEDED").at("retry_after_ms").as_int64(),
              1000);
    EXPECT_EQ(header_of(response, "Retry-After"), "1");
  }
}

}  // namespace
}  // namespace latchkey::matrix
