#include "endpoints/pages/next.h"

#include <gtest/gtest.h>

namespace latchkey::pages {
namespace {

TEST(Next, IsAPageOfOurs) {
  for (const char* good : {"/account", "/account/", "/account/device?device_id=A%2FB%20C",
                           "/oauth2/authorize?redirect_uri=https%3A%2F%2Fapp.example%2F&state=//x",
                           "/account/?action=org.matrix.profile"}) {
    EXPECT_TRUE(local_path(good)) << good;
    EXPECT_EQ(next_or_home(good), good);
  }
}

TEST(Next, LeadsToNoOtherPlace) {
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv, "//evil.example/account/"sv, "/\\evil.example"sv, "https://evil.example/account/"sv,
        "/account//evil.example"sv, "/account/\\..\\..\\x"sv, "/account/../_matrix/x"sv,
        "/account/./x"sv, "/account/%2e%2e/x"sv, "/account/a b"sv, "/account/\tx"sv,
        "/account/\r\nSet-Cookie: a=b"sv, "/account/\0"sv, "/account/\x7f"sv, "/accounts/"sv,
        "/_matrix/media/v3/download/x/y"sv, "account/"sv, "javascript:alert(1)"sv, "/oauth2"sv}) {
    EXPECT_FALSE(local_path(bad)) << bad;
    EXPECT_EQ(next_or_home(bad), kHome);
  }
  EXPECT_FALSE(local_path("/account/?" + std::string(10'000, 'x')));
}

}  // namespace
}  // namespace latchkey::pages
