#include "domain/sessions/refresh_memory.h"

#include <gtest/gtest.h>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

Record refreshed(std::int64_t id, Generation issued) {
  Record record;
  record.id = SessionId{id};
  record.nonce = {1, 2, 3};
  record.refreshes = true;
  record.created_at = kNoon - 1h;
  record.issued = issued;
  record.issued_at = kNoon;
  return record;
}

TEST(RefreshMemory, KeepsWhatARefreshNeedsToGoOn) {
  RefreshMemory memory(100);
  EXPECT_FALSE(memory.find(SessionId{7}).has_value());
  memory.keep(refreshed(7, 3));
  const auto found = memory.find(SessionId{7});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, SessionId{7});
  EXPECT_EQ(found->nonce, (Nonce{1, 2, 3}));
  EXPECT_TRUE(found->refreshes);
  EXPECT_FALSE(found->grant.has_value());
  EXPECT_EQ(found->created_at, kNoon - 1h);
  EXPECT_EQ(found->issued, 3);
  EXPECT_EQ(found->seen, 2);
  EXPECT_EQ(found->issued_at, kNoon);
  EXPECT_EQ(found->last_active_at, kNoon);
  EXPECT_EQ(found->ended, Ended::live);
}

TEST(RefreshMemory, KeepsTheNewestAndTheGrantOfAnApp) {
  RefreshMemory memory(100);
  memory.keep(refreshed(7, 3));
  Record later = refreshed(7, 4);
  later.grant = ClientGrant{"client", "urn:matrix:client:api:*"};
  memory.keep(later);
  EXPECT_EQ(memory.find(SessionId{7})->issued, 4);
  EXPECT_EQ(memory.find(SessionId{7})->grant, later.grant);
}

TEST(RefreshMemory, ForgetsOneAndNoOther) {
  RefreshMemory memory(1'000);
  memory.keep(refreshed(7, 3));
  memory.keep(refreshed(8, 3));
  memory.forget(SessionId{7});
  memory.forget(SessionId{9});
  EXPECT_FALSE(memory.find(SessionId{7}).has_value());
  EXPECT_TRUE(memory.find(SessionId{8}).has_value());
}

TEST(RefreshMemory, IsBounded) {
  RefreshMemory memory(40);
  for (std::int64_t id = 1; id <= 10'000; ++id) memory.keep(refreshed(id << 21, 1));
  int kept = 0;
  for (std::int64_t id = 1; id <= 10'000; ++id) {
    kept += memory.find(SessionId{id << 21}).has_value() ? 1 : 0;
  }
  EXPECT_LE(kept, 40);
  EXPECT_GE(kept, 30) << "the places are spread evenly";
}

TEST(RefreshMemory, RemembersNothingWhereNothingMayBeRemembered) {
  RefreshMemory memory(0);
  memory.keep(refreshed(7, 3));
  EXPECT_FALSE(memory.find(SessionId{7}).has_value());
}

}  // namespace
}  // namespace latchkey::sessions
