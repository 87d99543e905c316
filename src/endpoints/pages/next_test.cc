#include "endpoints/pages/next.h"

#include <gtest/gtest.h>

#include "endpoints/request/routes.h"

namespace latchkey::pages {
namespace {

http::Router mounted() {
  http::Router router;
  request::Routes pages(router, {.name = "pages", .refuse = {}, .of_pages = true});
  pages.below("/account/");
  for (const char* path : {"/account", "/account/", "/oauth2/authorize", "/link"}) {
    pages.add(http::Method::get, path, nullptr);
  }
  request::Routes others(router, {.name = "oauth", .refuse = {}});
  others.below("/oauth2/");
  others.add(http::Method::get, "/oauth2/userinfo", nullptr);
  others.add(http::Method::get, "/", nullptr);
  return router;
}

TEST(Next, IsAPageOfOurs) {
  const http::Router router = mounted();
  for (const char* good : {"/account", "/account/", "/account/device?device_id=A%2FB%20C",
                           "/oauth2/authorize?redirect_uri=https%3A%2F%2Fapp.example%2F&state=//x",
                           "/account/?action=org.matrix.profile", "/link", "/account/gone"}) {
    EXPECT_TRUE(local_path(good)) << good;
    EXPECT_EQ(next_or_home(router, good), good);
  }
}

TEST(Next, LeadsToNoOtherPlace) {
  using namespace std::string_view_literals;
  const http::Router router = mounted();
  for (const std::string_view bad :
       {""sv, "//evil.example/account/"sv, "/\\evil.example"sv, "https://evil.example/account/"sv,
        "/account//evil.example"sv, "/account/\\..\\..\\x"sv, "/account/../_matrix/x"sv,
        "/account/./x"sv, "/account/%2e%2e/x"sv, "/account/a b"sv, "/account/\tx"sv,
        "/account/\r\nSet-Cookie: a=b"sv, "/account/\0"sv, "/account/\x7f"sv, "account/"sv,
        "javascript:alert(1)"sv}) {
    EXPECT_FALSE(local_path(bad)) << bad;
    EXPECT_EQ(next_or_home(router, bad), kHome) << bad;
  }
  for (const std::string_view no_page :
       {"/accounts/"sv, "/_matrix/media/v3/download/x/y"sv, "/oauth2"sv, "/oauth2/userinfo"sv,
        "/oauth2/x"sv, "/"sv, "/link/x"sv}) {
    EXPECT_EQ(next_or_home(router, no_page), kHome) << no_page;
  }
  EXPECT_FALSE(local_path("/account/?" + std::string(20'000, 'x')));
}

TEST(Next, IsTheSameAfterItWasShortened) {
  for (const std::string query : {"a=1", "state=%7B%22a%22%3A1%7D&state=x", "", "continue"}) {
    const std::string next = shortened("/oauth2/authorize?" + query);
    EXPECT_TRUE(next.starts_with("/oauth2/authorize?continue=")) << next;
    EXPECT_EQ(shortened(next), next);
    EXPECT_TRUE(local_path(next));
    EXPECT_EQ(full_query(next.substr(next.find('?') + 1)), query);
    EXPECT_EQ(full_query(next.substr(next.find('?') + 1) + "&b=2"), query + "&b=2");
  }
  EXPECT_EQ(shortened("/link"), "/link");
  EXPECT_EQ(full_query("a=1"), "a=1");
  for (const char* no_query : {"continue=", "continue=x", "continue=%41", "continue=a.b&c=d"}) {
    EXPECT_EQ(full_query(no_query), no_query);
  }
}

TEST(Next, IsAboutAsLongAfterItWasShortened) {
  const std::string path = "/oauth2/authorize?";
  std::string json = path + "state=";
  while (json.size() < 2000) json += "%7B%22return_to%22%3A%22%2Fsome%2Fwhere%22%7D";
  EXPECT_LT(shortened(json).size(), 400U);
  std::string random = path + "state=";
  for (std::uint32_t x = 1; random.size() < path.size() + kLongestQuery;) {
    x = x * 1664525 + 1013904223;
    random += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[x >> 26];
  }
  EXPECT_LT(shortened(random).size(), random.size() + 200);
  EXPECT_TRUE(local_path(shortened(random)));
  EXPECT_EQ(path + full_query(shortened(random).substr(path.size())), random);
}

}  // namespace
}  // namespace latchkey::pages
