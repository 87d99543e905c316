#include "domain/sessions/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

Token token(SessionId session, Generation generation = 0, std::uint8_t tag = 1) {
  Token token{.session = session, .generation = generation, .bytes = {}};
  token.bytes[12] = tag;
  return token;
}

class TokenCacheTest : public ::testing::Test {
 protected:
  void insert(TokenCache& cache, const Token& token, std::optional<Time> until = {}) {
    TokenCache::Judged entry;
    entry.identity.session = token.session;
    entry.identity.user = UserId{99};
    entry.until = until;
    entry.judged_at = kNoon;
    entry.ticket = changes_->ticket();
    cache.insert(token, entry);
  }
  bool has(TokenCache& cache, const Token& token, Time now = kNoon) {
    return cache.find(token, now) != nullptr;
  }

  std::unique_ptr<Changes> changes_ = std::make_unique<Changes>();
  TokenCache cache_{*changes_, 100};
};

TEST_F(TokenCacheTest, FindsExactlyWhatWasInserted) {
  insert(cache_, token(SessionId{1}));
  ASSERT_TRUE(has(cache_, token(SessionId{1})));
  EXPECT_EQ(cache_.find(token(SessionId{1}), kNoon)->identity().session, SessionId{1});
  EXPECT_FALSE(has(cache_, token(SessionId{2})));
  EXPECT_FALSE(has(cache_, token(SessionId{1}, 1))) << "another generation";
  EXPECT_FALSE(has(cache_, token(SessionId{1}, 0, 2))) << "another tag";
  EXPECT_TRUE(has(cache_, token(SessionId{1}))) << "and asking for those harms nothing";
}

TEST_F(TokenCacheTest, KnowsAllOfTheHolder) {
  TokenCache::Judged known;
  known.identity = {.user = UserId{99},
                    .session = SessionId{1},
                    .localpart = "a.long.name.that.fits.no.small.string",
                    .device_id = "PHONE",
                    .admin = true,
                    .suspended = true,
                    .expires_at = kNoon + 5min,
                    .issued_at = kNoon - 1min,
                    .grant = std::make_shared<const ClientGrant>("client", "openid a:b")};
  known.judged_at = kNoon;
  known.ticket = changes_->ticket();
  cache_.insert(token(SessionId{1}), known);
  TokenCache::Entry* entry = cache_.find(token(SessionId{1}), kNoon);
  ASSERT_NE(entry, nullptr);
  const Identity who = entry->identity();
  EXPECT_EQ(who.user, UserId{99});
  EXPECT_EQ(who.session, SessionId{1});
  EXPECT_EQ(who.localpart, "a.long.name.that.fits.no.small.string");
  EXPECT_EQ(who.device_id, "PHONE");
  EXPECT_TRUE(who.admin);
  EXPECT_TRUE(who.suspended);
  EXPECT_EQ(who.expires_at, kNoon + 5min);
  EXPECT_EQ(entry->expires_at(), kNoon + 5min);
  EXPECT_EQ(who.issued_at, kNoon - 1min);
  ASSERT_TRUE(who.grant);
  EXPECT_EQ(*who.grant, *known.identity.grant);

  entry->rendered(1) = "an answer";
  EXPECT_EQ(cache_.find(token(SessionId{1}), kNoon)->rendered(1), "an answer");
  EXPECT_EQ(cache_.find(token(SessionId{1}), kNoon)->rendered(0), "");
  insert(cache_, token(SessionId{1}));
  entry = cache_.find(token(SessionId{1}), kNoon);
  EXPECT_EQ(entry->rendered(1), "") << "another's answer";
  EXPECT_FALSE(entry->identity().grant);
  EXPECT_EQ(entry->expires_at(), std::nullopt);
}

TEST_F(TokenCacheTest, KeepsTwoGenerationsOfASession) {
  insert(cache_, token(SessionId{1}, 7));
  insert(cache_, token(SessionId{1}, 8));
  EXPECT_TRUE(has(cache_, token(SessionId{1}, 7)));
  EXPECT_TRUE(has(cache_, token(SessionId{1}, 8)));
}

TEST_F(TokenCacheTest, SaysNothingFromItsEndOn) {
  insert(cache_, token(SessionId{1}), kNoon + 1min);
  EXPECT_TRUE(has(cache_, token(SessionId{1}), kNoon + 1min - 1ms));
  EXPECT_FALSE(has(cache_, token(SessionId{1}), kNoon + 1min));
  EXPECT_FALSE(has(cache_, token(SessionId{1}), kNoon))
      << "forgotten, whatever the clock does next";
}

TEST_F(TokenCacheTest, SaysNothingOnceTheClockWasSetBack) {
  insert(cache_, token(SessionId{1}));
  EXPECT_TRUE(has(cache_, token(SessionId{1}), kNoon - kClockSkew));
  EXPECT_FALSE(has(cache_, token(SessionId{1}), kNoon - kClockSkew - 1ms));
}

TEST_F(TokenCacheTest, ForgetsWhatChanged) {
  insert(cache_, token(SessionId{1}));
  insert(cache_, token(SessionId{2}));
  changes_->session_changed(SessionId{1});
  EXPECT_FALSE(has(cache_, token(SessionId{1})));
  EXPECT_TRUE(has(cache_, token(SessionId{2})));
  changes_->account_changed(UserId{99});
  EXPECT_FALSE(has(cache_, token(SessionId{2})));
  insert(cache_, token(SessionId{1}));
  EXPECT_TRUE(has(cache_, token(SessionId{1})));
  changes_->everything_changed();
  EXPECT_FALSE(has(cache_, token(SessionId{1})));
}

TEST_F(TokenCacheTest, AnEntryReadBeforeAChangeIsNeverFound) {
  TokenCache::Judged entry;
  entry.identity.session = SessionId{1};
  entry.judged_at = kNoon;
  entry.ticket = changes_->ticket();
  changes_->session_changed(SessionId{1});  // after the ticket, before the insert
  cache_.insert(token(SessionId{1}), entry);
  EXPECT_FALSE(has(cache_, token(SessionId{1})));
}

TEST_F(TokenCacheTest, TheNewestInsertCounts) {
  insert(cache_, token(SessionId{1}), kNoon + 1min);
  insert(cache_, token(SessionId{1}), kNoon + 2min);
  EXPECT_TRUE(has(cache_, token(SessionId{1}), kNoon + 90s));
}

TEST_F(TokenCacheTest, StaysWithinItsCapacityAndKeepsWhatIsUsed) {
  for (std::int64_t id = 1; id <= 1000; ++id) {
    insert(cache_, token(SessionId{id}));
    EXPECT_TRUE(has(cache_, token(SessionId{1}))) << id;
    EXPECT_LE(cache_.size(), 100U);
  }
  EXPECT_FALSE(has(cache_, token(SessionId{2})));
  EXPECT_TRUE(has(cache_, token(SessionId{1000})));
}

TEST_F(TokenCacheTest, WithoutCapacityRemembersNothing) {
  TokenCache none(*changes_, 0);
  for (std::int64_t id = 1; id <= 10; ++id) {
    insert(none, token(SessionId{id}));
    EXPECT_FALSE(has(none, token(SessionId{id})));
  }
  EXPECT_LE(none.size(), 2U);
}

TEST_F(TokenCacheTest, ClearForgetsAll) {
  insert(cache_, token(SessionId{1}));
  cache_.clear();
  EXPECT_FALSE(has(cache_, token(SessionId{1})));
  EXPECT_EQ(cache_.size(), 0U);
}

// Readers that fill their caches from a "row" while a writer revokes it again and again: once a
// revocation was answered, no reader says yes from what it read before.
TEST_F(TokenCacheTest, ARevocationIsNeverLostBetweenTicketAndInsert) {
  constexpr int kRounds = 1'500;
  std::latch ready{4};
  std::atomic<int> row{0};       // counts the revocations that are committed
  std::atomic<int> answered{0};  // and those whose writer has been answered
  std::atomic<bool> lost{false};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        TokenCache cache(*changes_, 100);
        ready.arrive_and_wait();
        int remembered = 0;
        while (answered.load(std::memory_order_acquire) < kRounds) {
          const int before = answered.load(std::memory_order_acquire);
          if (has(cache, token(SessionId{1}))) {
            if (remembered < before) lost = true;
            continue;
          }
          TokenCache::Judged entry;
          entry.identity.session = SessionId{1};
          entry.identity.user = UserId{99};
          entry.judged_at = kNoon;
          entry.ticket = changes_->ticket();
          remembered = row.load(std::memory_order_acquire);
          cache.insert(token(SessionId{1}), entry);
        }
      });
    }
    const std::jthread writer([&] {
      ready.arrive_and_wait();
      for (int round = 1; round <= kRounds; ++round) {
        row.store(round, std::memory_order_release);
        changes_->session_changed(SessionId{1});
        answered.store(round, std::memory_order_release);
        if (round % 16 == 0) std::this_thread::yield();
      }
    });
  }
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace latchkey::sessions
