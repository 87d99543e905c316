#include "platform/db/server_history.h"

#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

ServerIdentity of(std::string system, std::string timeline) {
  return {.run = "a run", .system = std::move(system), .timeline = std::move(timeline)};
}

TEST(ServerHistory, ReturnsToNoFormerPrimary) {
  ServerHistory history;
  EXPECT_TRUE(history.admits(of("1", "00000001")));
  EXPECT_TRUE(history.admits(of("1", "00000002"))) << "promoted";
  EXPECT_TRUE(history.admits(of("1", "00000002"))) << "once more";
  EXPECT_FALSE(history.admits(of("1", "00000001"))) << "the former primary is back";
  EXPECT_TRUE(history.admits(of("1", "0000000A")));
  EXPECT_FALSE(history.admits(of("1", "00000009")));
}

TEST(ServerHistory, AnotherClusterIsAnotherStory) {
  ServerHistory history;
  EXPECT_TRUE(history.admits(of("1", "00000005")));
  EXPECT_TRUE(history.admits(of("2", "00000001"))) << "a dump that was restored elsewhere";
}

TEST(ServerHistory, OneThatDoesNotTellIsAdmitted) {
  ServerHistory history;
  EXPECT_TRUE(history.admits(of("1", "00000005")));
  EXPECT_TRUE(history.admits(of("", "")));
  EXPECT_TRUE(history.admits(of("1", "")));
}

TEST(ServerHistory, KnowsWhereThePoolIs) {
  ServerHistory history;
  EXPECT_FALSE(history.is_serving("first"));
  history.serves("first");
  EXPECT_TRUE(history.is_serving("first"));
  history.serves("second");
  EXPECT_FALSE(history.is_serving("first"));
  EXPECT_TRUE(history.is_serving("second"));
}

}  // namespace
}  // namespace latchkey::db
