#include "platform/http/connection_ebb.h"

#include <gtest/gtest.h>

namespace latchkey::http {
namespace {

TEST(ConnectionEbb, GivesBackAsLongAsManyGo) {
  struct Look {
    std::size_t now;
    bool gives_back;
  };
  ConnectionEbb ebb;
  ebb.rose(700);
  constexpr Look kLooks[] = {
      {700, false}, {201, false},             // not so many yet
      {200, true},  {90, true},   {0, true},  // the last ones too
      {0, false},   {0, false},
  };
  for (const Look& look : kLooks) EXPECT_EQ(ebb.gives_back(look.now), look.gives_back) << look.now;
}

TEST(ConnectionEbb, IsOverWhenTheyGoNoLonger) {
  ConnectionEbb ebb;
  ebb.rose(2000);
  EXPECT_TRUE(ebb.gives_back(1000));
  EXPECT_FALSE(ebb.gives_back(1000));
  EXPECT_FALSE(ebb.gives_back(501)) << "not many since then";
  EXPECT_TRUE(ebb.gives_back(500));
  EXPECT_FALSE(ebb.gives_back(520)) << "they come again";
  ebb.rose(600);
  EXPECT_FALSE(ebb.gives_back(101));
  EXPECT_TRUE(ebb.gives_back(100));
}

TEST(ConnectionEbb, AFewThatComeAndGoAreNone) {
  ConnectionEbb ebb;
  for (std::size_t now = 0; now < 499; ++now) ebb.rose(now);
  for (const std::size_t now : {400UL, 100UL, 0UL}) EXPECT_FALSE(ebb.gives_back(now)) << now;
}

}  // namespace
}  // namespace latchkey::http
