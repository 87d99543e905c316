#include "domain/sessions/policy.h"

#include <gtest/gtest.h>

namespace latchkey::sessions {
namespace {

TEST(PolicyTest, LimitsWhatAnAccountHolds) {
  constexpr std::optional<std::size_t> kRefused;
  struct Row {
    Holding what;
    std::size_t held;
    std::optional<std::size_t> end;
  };
  const Row rows[] = {
      {Holding::device, 0, 0},        {Holding::device, 2, 0}, {Holding::device, 3, kRefused},
      {Holding::device, 4, kRefused}, {Holding::app, 0, 0},    {Holding::app, 2, 0},
      {Holding::app, 3, 1},           {Holding::app, 5, 3},  // the limit was higher before
  };
  Policy policy;
  policy.maximum_per_user = 3;
  for (const Row& row : rows) {
    EXPECT_EQ(room_for_one_more(policy, row.what, row.held), row.end)
        << (row.what == Holding::app ? "app " : "device ") << row.held;
  }
}

}  // namespace
}  // namespace latchkey::sessions
