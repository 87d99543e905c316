#include "platform/text/counted.h"

#include <gtest/gtest.h>

namespace latchkey::text {
namespace {

TEST(Counted, OneIsNoPlural) {
  EXPECT_EQ(counted(0, "session"), "0 sessions");
  EXPECT_EQ(counted(1, "session"), "1 session");
  EXPECT_EQ(counted(2, "session"), "2 sessions");
  EXPECT_EQ(counted(11, "session"), "11 sessions");
}

}  // namespace
}  // namespace latchkey::text
