#include "platform/db/outage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace latchkey::db {
namespace {

using ::testing::ElementsAre;

TEST(Outage, IsToldOnceForEachReasonAndWhenItIsOver) {
  std::vector<std::string> told;
  Outage outage([&](std::string_view sentence) { told.emplace_back(sentence); });
  outage.lost("shut down");
  outage.lost("shut down");
  outage.goes_on("refused");
  outage.goes_on("refused");
  outage.over();
  EXPECT_THAT(told,
              ElementsAre("the database is away: shut down", "the database is away: refused"));
  outage.over();
  EXPECT_EQ(told.back(), "the database is connected again");
  outage.lost("refused");
  EXPECT_EQ(told.size(), 4u) << "another outage";
}

TEST(Outage, IsUnderWayWhileAnyConnectionIsLost) {
  Outage outage([](std::string_view) {});
  EXPECT_FALSE(outage.under_way());
  outage.lost("shut down");
  outage.lost("shut down");
  outage.over();
  EXPECT_TRUE(outage.under_way());
  outage.over();
  EXPECT_FALSE(outage.under_way());
}

}  // namespace
}  // namespace latchkey::db
