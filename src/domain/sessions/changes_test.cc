#include "domain/sessions/changes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "domain/sessions/announcer.h"
#include "domain/sessions/sessions_testing.h"

namespace latchkey::sessions {
namespace {

constexpr std::int64_t kSessionNumber = (std::int64_t{1'800'000'000'000} << 21) | 7;
constexpr std::int64_t kUserNumber = (std::int64_t{1'700'000'000'000} << 21) | 9;
constexpr SessionId kSession{kSessionNumber};
constexpr UserId kUser{kUserNumber};

class ChangesTest : public ::testing::Test {
 protected:
  bool fresh(Changes::Ticket ticket) const { return changes_->fresh(ticket, kSession, kUser); }

  std::unique_ptr<Changes> changes_ = std::make_unique<Changes>();
};

TEST_F(ChangesTest, ARowReadBeforeAChangeIsStaleAndOneReadAfterItIsFresh) {
  const auto before = changes_->ticket();
  EXPECT_TRUE(fresh(before));
  changes_->session_changed(kSession);
  EXPECT_FALSE(fresh(before));
  EXPECT_TRUE(fresh(changes_->ticket()));
}

TEST_F(ChangesTest, EachKindOfChangeIsSeen) {
  auto ticket = changes_->ticket();
  changes_->account_changed(kUser);
  EXPECT_FALSE(fresh(ticket));
  ticket = changes_->ticket();
  changes_->everything_changed();
  EXPECT_FALSE(fresh(ticket));
  ticket = changes_->ticket();
  EXPECT_TRUE(fresh(ticket));
}

TEST_F(ChangesTest, SessionsAndAccountsAreToldApart) {
  const auto ticket = changes_->ticket();
  changes_->session_changed(SessionId{kUserNumber});
  changes_->account_changed(UserId{kSessionNumber});
  EXPECT_TRUE(fresh(ticket));
}

// A slot is shared by many ids, which costs a read; all of them in one slot would cost a lot.
TEST_F(ChangesTest, AChangeOfOneTouchesFewOthers) {
  const auto ticket = changes_->ticket();
  changes_->session_changed(kSession);
  int touched = 0;
  for (std::int64_t other = 1; other <= 10'000; ++other) {
    const SessionId id{kSessionNumber + other * 0x12345};
    touched += changes_->fresh(ticket, id, kUser) ? 0 : 1;
  }
  EXPECT_LT(touched, 10);
}

TEST_F(ChangesTest, AnnouncementsOfOtherNodes) {
  struct Row {
    std::string said;
    bool fresh;
  };
  const Row rows[] = {
      {"session " + std::to_string(kSessionNumber), false},
      {"account " + std::to_string(kUserNumber), false},
      {"session 1", true},
      {"account 1", true},
      {"everything", false},
      {"", false},
      {"session", false},
      {"session x", false},
      {"of a newer version 1", false},
  };
  const Announcer announcer(*changes_);
  for (const Row& row : rows) {
    const auto ticket = changes_->ticket();
    announcer.hear(row.said);
    EXPECT_EQ(fresh(ticket), row.fresh) << row.said;
  }
}

TEST_F(ChangesTest, SeveralSessionsInOneMessageOfAnotherNode) {
  const Announcer announcer(*changes_);
  const std::string id = std::to_string(kSessionNumber);
  const std::string several[] = {"sessions/another " + id, "sessions/another 1 " + id + " 3",
                                 "sessions/another x", "sessions/another 1 x 3"};
  for (const std::string& said : several) {
    const auto ticket = changes_->ticket();
    announcer.hear(said);
    EXPECT_FALSE(fresh(ticket)) << said;
  }
  const auto ticket = changes_->ticket();
  announcer.hear("sessions/another 1 2 3");
  EXPECT_TRUE(fresh(ticket));
}

TEST_F(ChangesTest, ASessionToBeAnnouncedSoonIsForgottenHereAtOnce) {
  Announcer announcer(*changes_);
  const auto ticket = changes_->ticket();
  announcer.session_soon(kSession);
  EXPECT_FALSE(fresh(ticket));
}

// What refreshes have replaced is told to other nodes afterwards.
class AnnouncedSoon : public ::testing::Test {
 protected:
  // Whether the other node soon forgets the session.
  bool is_heard() {
    return testing::soon([&] { return !there_->fresh(before_, kSession, kUser); });
  }

  db::TestDatabase database_{db::Dialect::postgresql};
  std::unique_ptr<Changes> here_ = std::make_unique<Changes>();
  Announcer announcer_{*here_};
  std::unique_ptr<Changes> there_ = std::make_unique<Changes>();
  Announcer another_{*there_};
  Changes::Ticket before_ = there_->ticket();
  std::unique_ptr<db::Listener> listener_ =
      database_->listen({.on_message = [this](std::string_view payload) { another_.hear(payload); },
                         .on_reconnect = {}});
};

TEST_F(AnnouncedSoon, IsHeardOnceItCouldNotBeToldAtFirst) {
  announcer_.session_soon(kSession);
  {
    db::TestDatabase away(db::Dialect::postgresql);
    away->close();
    EXPECT_THROW(announcer_.flush(*away), db::Unavailable);
  }
  announcer_.flush(*database_);
  EXPECT_TRUE(is_heard());
}

// More than is kept for them: they forget everything.
TEST_F(AnnouncedSoon, IsHeardHoweverManyThereAre) {
  for (int refreshes = 0; refreshes < 60'000; ++refreshes) announcer_.session_soon(SessionId{1});
  announcer_.session_soon(kSession);
  announcer_.flush(*database_);
  EXPECT_TRUE(is_heard());
}

// The order that keeps a revocation from being lost: the writer commits, then marks; the reader
// takes its ticket, then reads. Whatever they do at the same time, a reader that saw the old
// value is stale once the writer is done.
TEST_F(ChangesTest, ARevocationBetweenTicketAndReadIsNeverMissed) {
  constexpr int kRounds = 100'000;
  std::latch ready{4};
  std::atomic<int> committed{0};
  std::atomic<int> marked{0};
  std::atomic<bool> missed{false};
  {
    const std::jthread writer([&] {
      ready.arrive_and_wait();
      for (int round = 1; round <= kRounds; ++round) {
        committed.store(round, std::memory_order_release);
        changes_->session_changed(kSession);
        marked.store(round, std::memory_order_release);
      }
    });
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        ready.arrive_and_wait();
        for (int seen = 0; seen < kRounds;) {
          const auto ticket = changes_->ticket();
          seen = committed.load(std::memory_order_acquire);
          const int done = marked.load(std::memory_order_acquire);
          // What was read is older than a change that is marked, so it must be stale.
          if (seen < done && changes_->fresh(ticket, kSession, kUser)) missed = true;
        }
      });
    }
  }
  EXPECT_FALSE(missed);
}

// Two changes of one slot at once: the later number stays.
TEST_F(ChangesTest, RacingChangesAreAllSeen) {
  constexpr int kRounds = 50'000;
  std::latch ready{4};
  std::atomic<bool> missed{false};
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&] {
        ready.arrive_and_wait();
        for (int round = 0; round < kRounds; ++round) {
          const auto ticket = changes_->ticket();
          changes_->session_changed(kSession);
          if (changes_->fresh(ticket, kSession, kUser)) missed = true;
        }
      });
    }
  }
  EXPECT_FALSE(missed);
}

}  // namespace
}  // namespace latchkey::sessions
