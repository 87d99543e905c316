#include "endpoints/pages/cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::pages {
namespace {

http::Request with(std::span<const http::Header> headers) {
  http::Request request;
  request.headers = headers;
  return request;
}

TEST(Cookie, IsTheHostsAloneWhereTheSiteIsSecure) {
  const http::PublicUrl site("https://example.com/");
  EXPECT_EQ(cookie_name(site), "__Host-latchkey");
  EXPECT_EQ(set_cookie(site, cookie_name(site), "v", std::chrono::seconds{60}),
            "__Host-latchkey=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60");
  const http::PublicUrl plain("http://127.0.0.1:8008/");
  EXPECT_EQ(set_cookie(plain, cookie_name(plain, "-form"), "v", std::nullopt),
            "latchkey-form=v; Path=/; HttpOnly; SameSite=Lax");
}

TEST(Cookie, IsFoundByItsWholeName) {
  const http::Header headers[] = {
      {"Accept", "latchkey=no"},
      {"cookie", "xlatchkey=1; latchkey-form=2;latchkey=3=; latchkey=4"}};
  EXPECT_EQ(cookie_value(with(headers), "latchkey"), "3=");
  EXPECT_EQ(cookie_value(with(headers), "latchkey-form"), "2");
  EXPECT_EQ(cookie_value(with(headers), "form"), "");
  const http::Header odd[] = {{"Cookie", "latchkey; ;=; latchkey"}};
  EXPECT_EQ(cookie_value(with(odd), "latchkey"), "");
}

TEST(Cookie, IsFoundAmongOthersOfItsKind) {
  using testing::ElementsAre;
  const http::Header headers[] = {
      {"Cookie", "latchkey=0; latchkey-form-a=1; latchkey-formb=2; latchkey-form=3"},
      {"Cookie", "latchkey-form-c=; latchkey-form-d=4"}};
  EXPECT_THAT(cookies_named(with(headers), "latchkey-form"), ElementsAre("1", "3", "4"));
  EXPECT_TRUE(cookies_named(with(headers), "other").empty());
}

TEST(Csrf, ValueIsOfTheCookieAndDoesNotShowIt) {
  EXPECT_EQ(csrf_value("secret", "alice"), csrf_value("secret", "alice"));
  EXPECT_NE(csrf_value("secret", "alice"), csrf_value("secreu", "alice"));
  EXPECT_NE(csrf_value("secret", "alice"), csrf_value("secret", "bob"));
  EXPECT_NE(csrf_value("secret", "alice"), csrf_value("secret", ""));
  EXPECT_FALSE(csrf_value("secret", "alice").contains("secret"));
}

TEST(Post, FromElsewhereIsKnown) {
  const http::PublicUrl site("https://example.com/");
  struct Row {
    const char* origin;
    const char* fetch_site;
    bool elsewhere;
  };
  for (const Row& row :
       {Row{"", "", false}, Row{"null", "", false}, Row{"null", "same-origin", false},
        Row{"null", "cross-site", true}, Row{"https://example.com", "", false},
        Row{"https://example.com", "same-origin", false}, Row{"https://example.com:8443", "", true},
        Row{"http://example.com", "", true}, Row{"https://evil.example", "", true},
        Row{"", "same-site", true}, Row{"", "none", false}}) {
    const http::Header headers[] = {{"Origin", row.origin}, {"Sec-Fetch-Site", row.fetch_site}};
    EXPECT_EQ(from_elsewhere(site, with(headers)), row.elsewhere)
        << row.origin << " " << row.fetch_site;
  }
}

}  // namespace
}  // namespace latchkey::pages
