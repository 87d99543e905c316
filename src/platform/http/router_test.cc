#include "platform/http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace latchkey::http {
namespace {

// "pattern value value …" of the route that is found, or why there is none.
std::string route(const Router& router, Method method, std::string_view path) {
  const Router::Match match = router.match(method, path);
  if (match.malformed) return "malformed";
  if (!match.route) return match.path_known ? "405 " + std::string(match.allow) : "404";
  std::string found = match.route->pattern;
  for (const std::string& parameter : match.parameters) found += " " + parameter;
  return found;
}

Router sample() {
  Router router;
  router.add(Method::get, "/", nullptr);
  router.add(Method::get, "/login", nullptr, {.cors = true, .immediate = {}});
  router.add(Method::post, "/login", nullptr, {.cors = true, .immediate = {}});
  router.add(Method::head, "/login", nullptr);
  router.add(Method::get, "/devices", nullptr);
  router.add(Method::get, "/devices/{id}", nullptr);
  router.add(Method::delete_, "/devices/{id}", nullptr);
  router.add(Method::put, "/devices/mine", nullptr);
  router.add(Method::post, "/users/{user}/devices/{device}", nullptr);
  router.add(Method::post, "/users/{user}/lock", nullptr);
  router.add(Method::post, "/users/me/{what}", nullptr);
  return router;
}

TEST(Router, Finds) {
  const Router router = sample();
  const struct {
    Method method;
    std::string_view path;
    std::string_view expected;
  } cases[] = {
      {Method::get, "/", "/"},
      {Method::get, "", "404"},
      {Method::get, "*", "404"},
      {Method::get, "/login", "/login"},
      {Method::head, "/login", "/login"},
      {Method::get, "/login/", "404"},
      {Method::get, "//login", "404"},
      {Method::get, "/Login", "404"},
      {Method::get, "/log%69n", "404"},
      {Method::put, "/login", "405 GET, HEAD, POST, OPTIONS"},
      {Method::other, "/login", "405 GET, HEAD, POST, OPTIONS"},
      {Method::other, "/nowhere", "404"},
      {Method::head, "/devices", "/devices"},
      {Method::options, "/devices", "405 GET, HEAD"},
      {Method::get, "/devices/A", "/devices/{id} A"},
      {Method::head, "/devices/A", "/devices/{id} A"},
      {Method::delete_, "/devices/A", "/devices/{id} A"},
      {Method::post, "/devices/A", "405 GET, HEAD, DELETE"},
      {Method::put, "/devices/mine", "/devices/mine"},
      {Method::get, "/devices/", "404"},
      {Method::get, "/devices/A/", "404"},
      {Method::get, "/devices/A/B", "404"},
      {Method::get, "/devices/a%2Fb", "/devices/{id} a/b"},
      {Method::get, "/devices/a+b", "/devices/{id} a+b"},
      {Method::get, "/devices/%40a%3Ab", "/devices/{id} @a:b"},
      {Method::get, "/devices/%C3%A4", "/devices/{id} \xc3\xa4"},
      {Method::get, "/devices/%", "malformed"},
      {Method::get, "/devices/%4", "malformed"},
      {Method::get, "/devices/%4x", "malformed"},
      {Method::get, "/devices/%00", "malformed"},
      {Method::get, "/devices/%C3", "malformed"},
      {Method::put, "/devices/%zz", "malformed"},
      {Method::post, "/users/a/devices/b", "/users/{user}/devices/{device} a b"},
      {Method::post, "/users/a/lock", "/users/{user}/lock a"},
      {Method::post, "/users/me/lock", "/users/me/{what} lock"},
      // A literal that leads nowhere does not hide the placeholder.
      {Method::post, "/users/me/devices/b", "/users/{user}/devices/{device} me b"},
      {Method::post, "/users/a/unlock", "404"},
  };
  for (const auto& [method, path, expected] : cases) {
    EXPECT_EQ(route(router, method, path), expected) << path;
  }
}

TEST(Router, KnowsWhereCrossOriginRequestsAreWelcome) {
  Router router = sample();
  router.below("/_matrix/", {.cors = true});
  const struct {
    Method method;
    std::string_view path;
    bool expected;
  } cases[] = {
      {Method::get, "/login", true},         {Method::options, "/login", true},
      {Method::put, "/login", true},         {Method::get, "/devices", false},
      {Method::get, "/nowhere", false},      {Method::get, "/_matrix/nowhere", true},
      {Method::options, "/_matrix/x", true}, {Method::get, "/_matrix", false},
  };
  for (const auto& [method, path, expected] : cases) {
    EXPECT_EQ(router.match(method, path).cors, expected) << path;
  }
}

struct Name final : RouteData {
  explicit Name(std::string text) : text(std::move(text)) {}
  const std::string text;
};

TEST(Router, HandsBackWhatWasSaidOfARouteOrOfThePathsBelowAPrefix) {
  Router router;
  const auto named = [](const char* text) { return std::make_shared<Name>(text); };
  router.below("/a/", {.data = named("below a")});
  router.below("/a/b/", {.data = named("below b")});
  router.add(Method::get, "/a/b/c", nullptr, {.data = named("get")});
  router.add(Method::post, "/a/b/c", nullptr, {.data = named("post")});
  router.add(Method::get, "/a/{any}", nullptr, {.data = named("any")});
  router.add(Method::get, "/bare", nullptr);
  const struct {
    Method method;
    std::string_view path;
    std::string_view expected;
  } cases[] = {
      {Method::get, "/a/b/c", "get"},     {Method::head, "/a/b/c", "get"},
      {Method::post, "/a/b/c", "post"},   {Method::put, "/a/b/c", "get"},
      {Method::get, "/a/x", "any"},       {Method::get, "/a/%", "any"},
      {Method::post, "/a/x", "any"},      {Method::get, "/a/b/x", "below b"},
      {Method::get, "/a/x/y", "below a"}, {Method::get, "/a", "none"},
      {Method::get, "/bare", "none"},     {Method::get, "", "none"},
  };
  for (const auto& [method, path, expected] : cases) {
    const auto* found = dynamic_cast<const Name*>(router.match(method, path).data);
    EXPECT_EQ(found != nullptr ? found->text : "none", expected) << path;
  }
  EXPECT_EQ(router.routes().size(), 4U);
  EXPECT_EQ(router.routes().at(1).pattern, "/a/b/c");
  EXPECT_EQ(router.prefixes().at(1).pattern, "/a/b/");
}

TEST(Router, AnswersEveryPathBelowAPrefixThatHasAHandler) {
  Router router = sample();
  router.below("/edge/", {.cors = true, .handler = [](const Request&) -> Task<Response> {
                            co_return Response{};
                          }});
  router.add(Method::get, "/edge/known", nullptr);
  for (const Method method : {Method::get, Method::head, Method::options, Method::other}) {
    const Router::Match match = router.match(method, "/edge/a/../%zz");
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.route->pattern, "/edge/*");
    EXPECT_TRUE(match.path_known && match.cors && !match.malformed);
  }
  EXPECT_EQ(router.match(Method::get, "/edge/known").route->pattern, "/edge/known");
  EXPECT_EQ(router.match(Method::get, "/edge").route, nullptr);
}

TEST(Router, RefusesRoutesThatCannotBe) {
  for (const std::string pattern : {"", "login", "/login", "/devices/{other}", "/a{b}", "/{a}b",
                                    "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}"}) {
    Router router = sample();
    EXPECT_THROW(router.add(Method::get, pattern, nullptr), std::invalid_argument) << pattern;
  }
  Router router;
  EXPECT_THROW(router.add(Method::other, "/", nullptr), std::invalid_argument);
}

}  // namespace
}  // namespace latchkey::http
