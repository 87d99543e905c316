#include "domain/oauth/user_code.h"

#include <gtest/gtest.h>

#include <set>

namespace latchkey::oauth {
namespace {

TEST(UserCode, IsReadAsItWasShown) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string code = new_user_code();
    ASSERT_EQ(code.size(), 9u);
    EXPECT_EQ(read_user_code(code), code);
    seen.insert(code);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(UserCode, IsReadHoweverItWasTyped) {
  for (const char* typed :
       {"WDJB-MJHT", "wdjb-mjht", "WDJBMJHT", " wdjb mjht ", "W.D.J.B_MJHT", "WDJB\u2013MJHT",
        "WDJB\u2011MJHT", "WDJB\u00a0MJHT\u200b", "WDJB/MJHT", "WDJB-MJHT\r\n"}) {
    EXPECT_EQ(read_user_code(typed), "WDJB-MJHT") << typed;
  }
  for (const char* typed : {"", "WDJB", "WDJB-MJH", "WDJB-MJHTX", "WDJB-MJHA", "WDJB-MJH1",
                            "WDJB-MJHTWDJB-MJHT", "1234-5678"}) {
    EXPECT_EQ(read_user_code(typed), std::nullopt) << typed;
  }
}

}  // namespace
}  // namespace latchkey::oauth
