#include "endpoints/oauth/error_response.h"

#include <gtest/gtest.h>

#include "domain/homeserver/homeserver.h"
#include "endpoints/request/calls_testing.h"
#include "platform/db/database.h"

namespace latchkey::oauth {
namespace {

using request::testing::header_of;
using request::testing::json_of;

// What passes must look like no refusal: clients end the session on any `errcode`, or any `error`.
TEST(OauthErrors, TheServersOwnTroubleIsNoRefusal) {
  struct Row {
    http::Refusal refusal;
    std::exception_ptr fault;
    int status;
    bool passes;
  };
  const Row rows[] = {
      {http::Refusal::fault, std::make_exception_ptr(db::Unavailable("away")), 503, true},
      {http::Refusal::unavailable, nullptr, 503, true},
      {http::Refusal::fault, std::make_exception_ptr(std::logic_error("a bug")), 500, true},
      {http::Refusal::fault, std::make_exception_ptr(homeserver::Refused("its device ID")), 400,
       false},
      {http::Refusal::timeout, nullptr, 408, true},
      {http::Refusal::method_not_allowed, nullptr, 405, false},
      {http::Refusal::body_too_large, nullptr, 413, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.status);
    const http::Response response =
        server_refusal(request::server_refusal(row.refusal, request::read_fault(row.fault)), {});
    const auto body = json_of(response);
    EXPECT_EQ(response.status, row.status);
    EXPECT_NE(body.contains("error"), row.passes);
    if (!row.passes) EXPECT_EQ(body.at("error").as_string(), "invalid_request");
    EXPECT_FALSE(body.at("error_description").as_string().empty());
    EXPECT_FALSE(body.contains("errcode"));
    EXPECT_EQ(header_of(response, "Retry-After").empty(), row.status != 503);
  }
}

// A client that reads a real end where there is none deletes its keys.
TEST(OauthErrors, ARefreshSaysWhetherTheSessionIsReallyOver) {
  using sessions::Reason;
  using sessions::Worth;
  struct Row {
    Worth worth;
    Reason reason;
    std::string_view error;
    std::string_view errcode;  // none where it is over
  };
  for (const Row& row : {
           Row{Worth::locked, Reason::account_locked, "login_required", "M_USER_LOCKED"},
           Row{Worth::soft, Reason::key_lost, "invalid_grant", "M_UNKNOWN_TOKEN"},
           Row{Worth::ended, Reason::ended_for_good, "invalid_grant", ""},
           Row{Worth::unknown, Reason::forged, "invalid_grant", ""},
       }) {
    const http::Response response = refresh_refusal({row.worth, row.reason, {}});
    const auto body = json_of(response);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(body.at("error").as_string(), row.error);
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
    EXPECT_EQ(body.contains("soft_logout"), !row.errcode.empty()) << row.error;
    if (row.errcode.empty()) {
      EXPECT_FALSE(body.contains("errcode")) << row.error;
    } else {
      EXPECT_EQ(body.at("errcode").as_string(), row.errcode);
      EXPECT_TRUE(body.at("soft_logout").as_bool());
    }
  }
}

}  // namespace
}  // namespace latchkey::oauth
