#include "endpoints/oauth/errors.h"

#include <gtest/gtest.h>

#include "endpoints/matrix/calls_testing.h"
#include "platform/db/database.h"

namespace latchkey::oauth {
namespace {

using matrix::testing::header_of;
using matrix::testing::json_of;

// What passes must look like nothing else: matrix-js-sdk ends the session on any `errcode`.
TEST(OauthErrors, TheServersOwnTroubleHasNoErrcode) {
  struct Row {
    http::Refusal refusal;
    std::exception_ptr fault;
    int status;
    const char* error;
  };
  const Row rows[] = {
      {http::Refusal::fault, std::make_exception_ptr(db::Unavailable("away")), 503,
       "temporarily_unavailable"},
      {http::Refusal::unavailable, nullptr, 503, "temporarily_unavailable"},
      {http::Refusal::fault, std::make_exception_ptr(std::logic_error("a bug")), 500,
       "server_error"},
      {http::Refusal::method_not_allowed, nullptr, 405, "invalid_request"},
      {http::Refusal::body_too_large, nullptr, 413, "invalid_request"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.status);
    const http::Response response = refusal(row.refusal, row.fault);
    const auto body = json_of(response);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(body.at("error").as_string(), row.error);
    EXPECT_FALSE(body.at("error_description").as_string().empty());
    EXPECT_FALSE(body.contains("errcode"));
    EXPECT_EQ(header_of(response, "Retry-After").empty(), row.status != 503);
  }
}

}  // namespace
}  // namespace latchkey::oauth
