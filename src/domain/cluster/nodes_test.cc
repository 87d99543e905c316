#include "domain/cluster/nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey::cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;
using namespace std::chrono_literals;

const Time kNow = from_millis(1'800'000'000'000);

Node node(std::string name, unsigned revision, std::string lifetime, Duration started_ago = 1h,
          Duration seen_ago = 10s) {
  return {.name = std::move(name),
          .revision = revision,
          .started_at = kNow - started_ago,
          .seen_at = kNow - seen_ago,
          .settings = {{"public_url", "https://example.com/"},
                       {"sessions.access_token_lifetime", std::move(lifetime)}}};
}

std::optional<std::string> refusal(const Node& self, std::vector<Node> others) {
  return refuse_to_join(self, others, kNow);
}

TEST(Nodes, TheSameConfigurationMayJoin) {
  EXPECT_EQ(refusal(node("a", 1, "5m"), {}), std::nullopt);
  EXPECT_EQ(refusal(node("a", 1, "5m"), {node("b", 1, "5m"), node("c", 1, "5m")}), std::nullopt);
}

TEST(Nodes, AnotherOneIsRefusedAndTheOptionsAreNamed) {
  EXPECT_THAT(refusal(node("a", 1, "5m"), {node("b", 1, "1h")}),
              Optional(AllOf(HasSubstr("'b'"), HasSubstr("sessions.access_token_lifetime"),
                             HasSubstr("cluster.revision"), Not(HasSubstr("public_url")))));
}

TEST(Nodes, ItselfFromBeforeAndThoseThatAreGoneDoNotCount) {
  EXPECT_EQ(refusal(node("a", 1, "5m"), {node("a", 1, "1h")}), std::nullopt);
  EXPECT_EQ(refusal(node("a", 1, "5m"), {node("b", 1, "1h", 1h, 4min)}), std::nullopt);
}

TEST(Nodes, AHigherRevisionChangesAClusterNodeByNode) {
  const Node old_b = node("b", 1, "5m");
  const Node old_c = node("c", 1, "5m");
  EXPECT_EQ(refusal(node("a", 2, "1h"), {old_b, old_c}), std::nullopt);
  const Node new_a = node("a", 2, "1h", 1min);
  EXPECT_EQ(refusal(node("b", 2, "1h"), {new_a, old_c}), std::nullopt);
  EXPECT_THAT(refusal(node("c", 1, "5m"), {new_a, old_b}),
              Optional(HasSubstr("newer configuration")));
  EXPECT_THAT(refusal(node("c", 2, "2h"), {new_a, old_b}),
              Optional(HasSubstr("sessions.access_token_lifetime")));
}

TEST(Nodes, AnOptionThatOnlyOneVersionHasIsNoDifference) {
  Node newer = node("a", 1, "5m");
  newer.settings["sessions.new_option"] = "1";
  EXPECT_EQ(refusal(newer, {node("b", 1, "5m")}), std::nullopt);
  EXPECT_EQ(refusal(node("b", 1, "5m"), {newer}), std::nullopt);
}

class MembershipTest : public ::testing::TestWithParam<db::Dialect> {
 protected:
  MembershipTest() { db::migrate(*database_, schema::migrations()); }

  std::vector<Node> rows() {
    return database_->read_now([](db::Tx& tx) { return list_nodes(tx); });
  }

  db::TestDatabase database_{GetParam()};
  ManualClock clock_{kNow};
  IdSource ids_;
  events::Events events_;
  telemetry::Registry metrics_{1};
  Ground ground_{.db = *database_,
                 .clock = clock_,
                 .ids = ids_,
                 .events = events_,
                 .metrics = metrics_,
                 .log = telemetry::Log(telemetry::LogOptions{})};
};

TEST_P(MembershipTest, JoinsStaysAndLeaves) {
  const Settings settings{{"public_url", "https://example.com/?a=b"}};
  Membership first(ground_, "first", 1, settings);
  Membership second(ground_, "second", 1, settings);
  first.join();
  second.join();
  ASSERT_EQ(rows().size(), 2u);
  EXPECT_EQ(rows().front().settings, settings);
  clock_.advance(1min);
  first.stay();
  EXPECT_EQ(rows().front().seen_at, kNow + 1min);
  EXPECT_EQ(rows().front().started_at, kNow);
  first.leave();
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows().front().name, "second");
}

TEST_P(MembershipTest, OthersRunUntilTheyLeaveOrAreGone) {
  Membership first(ground_, "first", 1, {});
  Membership second(ground_, "second", 1, {});
  first.join();
  EXPECT_FALSE(first.others_run());
  second.join();
  EXPECT_TRUE(first.others_run());
  EXPECT_TRUE(second.others_run());
  second.leave();
  EXPECT_FALSE(first.others_run());
  second.join();
  // It was killed.
  clock_.advance(kGoneAfter + 1s);
  first.stay();
  EXPECT_FALSE(first.others_run());
}

TEST_P(MembershipTest, ARefusedOneLeavesNoTrace) {
  Membership first(ground_, "first", 1, {{"sessions.refresh_grace", "1m"}});
  Membership other(ground_, "other", 1, {{"sessions.refresh_grace", "2m"}});
  first.join();
  EXPECT_THROW(other.join(), db::Refused);
  ASSERT_EQ(rows().size(), 1u);
  // The first was killed, and after a while nobody waits for it.
  clock_.advance(kGoneAfter + 1s);
  EXPECT_NO_THROW(other.join());
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows().front().name, "other");
}

TEST_P(MembershipTest, TheSchemaIsNotChangedUnderRunningNodes) {
  constexpr int kAll = 1'000;
  const auto refused = [&](int applied) {
    try {
      database_->write_now(
          [&](db::Tx& tx) { refuse_beside_others(tx, "new", clock_.now(), applied); });
      return std::string();
    } catch (const db::Refused& refusal) {
      return std::string(refusal.what());
    }
  };
  EXPECT_EQ(refused(kAll), "");
  Membership other(ground_, "other", 1, {});
  other.join();
  EXPECT_THAT(refused(kAll), HasSubstr("'other'"));
  EXPECT_EQ(refused(15), "") << "from before nodes said that they are there";
  Membership itself(ground_, "new", 1, {});
  itself.join();
  other.leave();
  EXPECT_EQ(refused(kAll), "") << "its own row, from before it was killed";
  other.join();
  clock_.advance(kGoneAfter + 1s);
  EXPECT_EQ(refused(kAll), "");
}

INSTANTIATE_TEST_SUITE_P(Engines, MembershipTest, db::engines(), db::engine_name);

}  // namespace
}  // namespace latchkey::cluster
