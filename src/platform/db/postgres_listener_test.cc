#include "platform/db/postgres_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "platform/db/engines_testing.h"
#include "platform/db/postgres_testing.h"

namespace latchkey::db {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Clock = Listener::Clock;
using namespace std::chrono_literals;

template <class Condition>
::testing::AssertionResult soon(Condition condition) {
  const auto deadline = Clock::now() + 60s;
  while (!condition()) {
    if (Clock::now() > deadline) return ::testing::AssertionFailure() << "not in time";
    std::this_thread::sleep_for(2ms);
  }
  return ::testing::AssertionSuccess();
}

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    Options options;
    options.size = 2;
    options.connect_timeout = 5s;
    options.statement_timeout = 5s;
    sender_.reopen(options);
    node_ = open(sender_.url(), options);
    listener_ = node_->listen({
        .on_message =
            [this](std::string_view payload) {
              const std::lock_guard lock(mutex_);
              heard_.emplace_back(payload);
            },
        .on_reconnect =
            [this] {
              const std::lock_guard lock(mutex_);
              heard_.emplace_back("(reconnected)");
              // A connection may be made at the last moment, when the pointer is gone.
              if (!ends_) fresh_when_reconnected_ = listener_->last_heard() != Clock::time_point{};
            },
    });
  }
  ~ListenerTest() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    listener_.reset();
  }

  void send(const std::string& payload) {
    sender_->write_now([&](Tx& tx) { tx.notify(payload); });
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  bool fresh() const { return listener_->last_heard() > Clock::now() - 2s; }

  PostgresServer& server_ = shared_postgres();
  TestDatabase sender_{Dialect::postgresql};  // another node
  std::unique_ptr<Database> node_;
  std::mutex mutex_;
  std::vector<std::string> heard_;
  bool fresh_when_reconnected_ = false;
  bool ends_ = false;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, HearsWhatIsCommittedInOrder) {
  for (const char* payload : {"one", "two ' \" é", "three"}) send(payload);
  EXPECT_TRUE(soon([&] { return heard().size() >= 3; }));
  EXPECT_THAT(heard(), ElementsAre("one", "two ' \" é", "three"));
}

TEST_F(ListenerTest, HearsItWithin100Milliseconds) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  Clock::duration best = 60s;
  for (std::size_t i = 1; i <= 5; ++i) {
    send("ping");
    const auto sent = Clock::now();
    EXPECT_TRUE(soon([&] { return heard().size() >= i; }));
    best = std::min(best, Clock::now() - sent);
  }
  EXPECT_LT(best, 100ms);
}

TEST_F(ListenerTest, HearsNothingOfARollback) {
  EXPECT_THROW(sender_->write_now([](Tx& tx) {
    tx.notify("never");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  send("after");
  EXPECT_TRUE(soon([&] { return !heard().empty(); }));
  EXPECT_THAT(heard(), ElementsAre("after"));
}

TEST_F(ListenerTest, StaysFreshByItsOwnEcho) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  const auto first = listener_->last_heard();
  EXPECT_TRUE(soon([&] { return listener_->last_heard() > first + 900ms; }));
  EXPECT_LE(listener_->last_heard(), Clock::now());
  EXPECT_THAT(heard(), ElementsAre()) << "echoes are no messages";
}

TEST_F(ListenerTest, IsStaleWhileTheServerStandsStill) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  server_.freeze();
  EXPECT_TRUE(soon([&] { return !fresh(); }));
  server_.thaw();
  EXPECT_TRUE(soon([&] { return fresh(); }));
}

TEST_F(ListenerTest, SaysThatMessagesMayBeMissingAfterAReconnect) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  server_.kill();
  EXPECT_TRUE(soon([&] { return listener_->last_heard() == Clock::time_point{}; }));
  server_.start();
  EXPECT_TRUE(soon([&] { return fresh(); }));
  // Once more when the pool is connected again after it: that connection is not trusted either, and
  // what is sent in between is missed.
  EXPECT_THAT(heard(), AllOf(Not(IsEmpty()), Each("(reconnected)")));
  EXPECT_FALSE(fresh_when_reconnected_);
  EXPECT_TRUE(soon([&] {
    try {
      send("again");
    } catch (const Unavailable&) {
      return false;
    }
    return heard().back() == "again";
  }));
}

// The listener's own thread may get its turn late; whoever needs the news does not wait for it.
TEST_F(ListenerTest, HearsOnTheThreadThatNeedsTheNews) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  std::atomic<bool> done{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      while (!done) listener_->catch_up();
    });
  }
  std::vector<std::string> sent;
  for (int i = 0; i < 100; ++i) {
    sent.push_back(std::to_string(i));
    send(sent.back());
  }
  EXPECT_TRUE(soon([&] { return heard().size() >= sent.size(); }));
  const auto first = listener_->last_heard();
  EXPECT_TRUE(soon([&] { return listener_->last_heard() > first + 900ms; }));
  done = true;
  for (auto& other : others) other.join();
  EXPECT_EQ(heard(), sent) << "each once, in order";
}

TEST_F(ListenerTest, IsConnectedAnewWhoeverFoundTheConnectionBroken) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) listener_->catch_up();
  });
  server_.kill();
  EXPECT_TRUE(soon([&] { return listener_->last_heard() == Clock::time_point{}; }));
  server_.start();
  EXPECT_TRUE(soon([&] { return fresh(); }));
  done = true;
  other.join();
  EXPECT_THAT(heard(), Contains("(reconnected)"));
}

// The pool has found a new connection, so the listener's old one is not trusted either.
TEST_F(ListenerTest, IsConnectedAnewWhenThePoolIs) {
  EXPECT_TRUE(soon([&] { return fresh(); }));
  node_->write_now([tries = 0](Tx& tx) mutable {
    if (++tries == 1) tx.one<bool>("SELECT pg_terminate_backend(pg_backend_pid())");
  });
  EXPECT_TRUE(soon([&] { return !heard().empty(); }));
  EXPECT_THAT(heard(), ElementsAre("(reconnected)"));
  EXPECT_TRUE(soon([&] { return fresh(); }));
}

}  // namespace
}  // namespace latchkey::db
