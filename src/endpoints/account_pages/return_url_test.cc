#include "endpoints/account_pages/return_url.h"

#include <gtest/gtest.h>

namespace latchkey::account_pages {
namespace {

TEST(ReturnUrl, GetsTheTokenIntoItsQuery) {
  struct Row {
    const char* url;
    const char* shown;
    const char* with_token;
  };
  const Row rows[] = {
      {"https://app.example/", "app.example", "https://app.example/?loginToken=t"},
      {"https://app.example:8443/a?b=c", "app.example:8443",
       "https://app.example:8443/a?b=c&loginToken=t"},
      {"https://app.example/#/home", "app.example", "https://app.example/?loginToken=t#/home"},
      {"http://localhost:1234", "localhost:1234", "http://localhost:1234?loginToken=t"},
      {"http://LocalHost:1234/", "LocalHost:1234", "http://LocalHost:1234/?loginToken=t"},
      {"im.fluffychat://login", "im.fluffychat:", "im.fluffychat://login?loginToken=t"},
      {"element://connect", "element:", "element://connect?loginToken=t"},
      {"http://[::1]:1234/", "[::1]:1234", "http://[::1]:1234/?loginToken=t"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.url);
    const auto url = read_return_url(row.url);
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->shown, row.shown);
    EXPECT_EQ(url->with_login_token("t"), row.with_token);
  }
}

TEST(ReturnUrl, IsRefused) {
  for (const char* url : {"",
                          "app.example",
                          "//app.example/",
                          "/account/",
                          "javascript:alert(1)",
                          "JavaScript:x",
                          "data:text/html,x",
                          "file:///etc/passwd",
                          "https://app.example@evil.example/",
                          "https://app.example\\@evil.example/",
                          "https:///x",
                          "https://app.example/a b",
                          "https://app%2eexample/",
                          "https://my_app.example/",
                          "https://a;b/",
                          "https://app.example/\n",
                          "http://app.example/",
                          "http://192.0.2.1/",
                          "http://intranet/",
                          "http://localhost.evil.example/",
                          "http://127.0.0.1.evil.example/",
                          "https://127.0.0.1.evil.example/",
                          "ftp://app.example/x",
                          "mailto:x@evil.example",
                          "intent://x",
                          "smb://evil.example/x",
                          "ldap://evil.example/",
                          "tel:1",
                          "ws://app.example/"}) {
    EXPECT_FALSE(read_return_url(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace latchkey::account_pages
