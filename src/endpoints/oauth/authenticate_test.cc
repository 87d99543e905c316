#include "endpoints/oauth/authenticate.h"

#include <gtest/gtest.h>

#include "endpoints/request/calls_testing.h"
#include "platform/error_testing.h"

namespace latchkey::oauth {
namespace {

using request::testing::json_of;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

std::expected<http::Form, http::Response> read(std::optional<std::string_view> type,
                                               std::string_view body = "token=x") {
  std::vector<http::Header> headers;
  if (type) headers.push_back({"Content-Type", *type});
  http::Request request;
  request.method = http::Method::post;
  request.headers = headers;
  request.body = body;
  return form_body(request);
}

template <class T>
void expect_invalid(const std::expected<T, http::Response>& outcome) {
  const http::Response refused = error_of(outcome);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json_of(refused).at("error").as_string(), "invalid_request");
}

// RFC 6749 section 3.2. The pages of any site can have a browser post text/plain without asking
// whether they may (Fetch section "CORS protocol").
TEST(FormBody, IsOneThatSaysSo) {
  for (const auto* type :
       {"text/plain", "application/json", "multipart/form-data; boundary=x", ""}) {
    SCOPED_TRACE(type);
    expect_invalid(read(type));
  }
  expect_invalid(read(std::nullopt));
  const auto form = read("application/x-www-form-urlencoded; charset=utf-8");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(field(*form, "token").value(), "x");
}

TEST(FormBody, IsRefusedWhereItCannotBeRead) {
  for (const auto* body : {"token=%zz", "token=\xff"}) {
    SCOPED_TRACE(body);
    expect_invalid(read(kForm, body));
  }
}

TEST(FormBody, HasEachFieldOnce) {
  const auto form = read(kForm, "token=a&token=b&scope=");
  ASSERT_TRUE(form.has_value());
  expect_invalid(field(*form, "token"));
  EXPECT_EQ(field(*form, "scope").value(), "");
  EXPECT_EQ(field(*form, "other").value(), "");
}

}  // namespace
}  // namespace latchkey::oauth
