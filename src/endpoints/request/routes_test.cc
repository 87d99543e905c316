#include "endpoints/request/routes.h"

#include <gtest/gtest.h>

namespace latchkey::request {
namespace {

// Says which surface renders, and what.
Surface named(const std::string& name) {
  return {.name = "test",
          .refuse =
              [name](const ServerRefusal& refusal, const http::Request&) {
                http::Response response;
                response.status = refusal.status;
                response.body = name;
                return response;
              },
          .of_pages = name == "page"};
}

class Mounted : public ::testing::Test {
 protected:
  Mounted() {
    Routes pages(router_, named("page"));
    pages.below("/account/");
    pages.add(http::Method::get, "/oauth2/authorize", nullptr);
    Routes oauth(router_, named("oauth"));
    oauth.below("/oauth2/", {.owner = Owner::homeserver});
    oauth.add(http::Method::post, "/oauth2/token", nullptr, {.timeout_is_transient = true});
    oauth.add(http::Method::post, "/oauth2/revoke", nullptr);
  }

  // "status surface", as the server would have it of a request that it refuses.
  std::string refused(http::Method method, std::string_view path, http::Refusal refusal,
                      const Fault& fault = {}) const {
    http::Request request;
    request.path = path;
    const auto match = router_.match(method, path);
    const http::Response response = refuse({refusal, request, match.data}, fault);
    return std::to_string(response.status) + " " + response.body.substr(0, 10);
  }

  http::Router router_;
};

TEST_F(Mounted, EachSurfaceRefusesInItsForm) {
  using enum http::Refusal;
  using enum http::Method;
  const struct {
    http::Method method;
    std::string_view path;
    http::Refusal refusal;
    std::string_view expected;
  } cases[] = {
      {get, "/oauth2/authorize", body_too_large, "413 page"},
      {put, "/oauth2/authorize", method_not_allowed, "405 page"},
      {get, "/account/gone", not_found, "404 page"},
      {get, "/oauth2/gone", not_found, "404 oauth"},
      {get, "/oauth2/authorize/gone", not_found, "404 oauth"},
      {get, "/oauth2/token", method_not_allowed, "405 oauth"},
      {post, "/oauth2/token", headers_too_large, "431 oauth"},
      {get, "/elsewhere", not_found, "404 {\"errcode\""},
      {other, "", bad_request, "400 {\"errcode\""},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(refused(row.method, row.path, row.refusal), row.expected) << row.path;
  }
}

TEST_F(Mounted, ABrowserIsShownAPageWhereNothingIsMounted) {
  using enum http::Method;
  const auto shown = [&](http::Method method, std::string_view path, const char* accept) {
    const http::Header headers[] = {{"Accept", accept}};
    http::Request request;
    request.method = method;
    request.path = path;
    request.headers = headers;
    const auto match = router_.match(method, path);
    return refuse({http::Refusal::not_found, request, match.data}, {}, named("any page").refuse)
        .body.substr(0, 10);
  };
  constexpr const char* kBrowser = "text/html,application/xhtml+xml,*/*;q=0.8";
  EXPECT_EQ(shown(get, "/login", kBrowser), "any page");
  EXPECT_EQ(shown(head, "/login", kBrowser), "any page");
  EXPECT_EQ(shown(get, "/oauth2/gone", kBrowser), "oauth");
  EXPECT_EQ(shown(post, "/login", kBrowser), "{\"errcode\"");
  EXPECT_EQ(shown(get, "/login", "*/*"), "{\"errcode\"");
  EXPECT_EQ(shown(get, "/login", "application/json"), "{\"errcode\"");
  EXPECT_EQ(shown(get, "/login", ""), "{\"errcode\"");
}

TEST_F(Mounted, ATimeoutIsTransientWhereTheRouteSaysSo) {
  using enum http::Method;
  EXPECT_EQ(refused(post, "/oauth2/token", http::Refusal::timeout), "503 oauth");
  EXPECT_EQ(refused(get, "/oauth2/token", http::Refusal::timeout), "503 oauth");
  EXPECT_EQ(refused(post, "/oauth2/revoke", http::Refusal::timeout), "408 oauth");
  EXPECT_EQ(refused(post, "/oauth2/revoke", http::Refusal::fault), "500 oauth");
  EXPECT_EQ(refused(post, "/oauth2/revoke", http::Refusal::fault, {.transient = true, .text = {}}),
            "503 oauth");
}

TEST_F(Mounted, KnowsPages) {
  EXPECT_TRUE(is_page(router_, "/oauth2/authorize"));
  EXPECT_TRUE(is_page(router_, "/account/gone"));
  EXPECT_FALSE(is_page(router_, "/oauth2/token"));
  EXPECT_FALSE(is_page(router_, "/"));
}

}  // namespace
}  // namespace latchkey::request
