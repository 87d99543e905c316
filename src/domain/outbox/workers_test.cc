// Delivering, with the real threads and both databases.
#include "domain/outbox/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>

#include "domain/outbox/retry.h"
#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey::outbox {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr UserId kAlice{1};
constexpr UserId kBob{2};

// The sample consumer: it keeps what it is given, unless the test says otherwise.
class Letterbox final : public Consumer {
 public:
  using Answer = std::function<Delivery(const Item&, const AttemptLimits&)>;

  explicit Letterbox(std::string name = "letters") : name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  Delivery deliver(const Item& item, const AttemptLimits& limits) override {
    Answer answer;
    {
      const std::scoped_lock lock(mutex_);
      ++attempts_;
      answer = answer_;
    }
    changed_.notify_all();
    if (answer) {
      Delivery delivery = answer(item, limits);
      if (delivery.outcome != Delivery::Outcome::delivered) return delivery;
    }
    {
      const std::scoped_lock lock(mutex_);
      letters_[item.user].push_back(item.payload);
    }
    changed_.notify_all();
    return Delivery::delivered();
  }

  void answer(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<std::string> letters(UserId user) {
    const std::scoped_lock lock(mutex_);
    return letters_[user];
  }
  bool wait_for_letters(UserId user, std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return letters_[user].size() >= count; });
  }
  bool attempted() {
    const std::scoped_lock lock(mutex_);
    return attempts_ > 0;
  }
  bool wait_for_attempts(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return attempts_ >= count; });
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Answer answer_;
  int attempts_ = 0;
  std::map<UserId, std::vector<std::string>> letters_;
};

class OutboxWorkers : public ::testing::TestWithParam<db::Dialect> {
 protected:
  OutboxWorkers() { db::migrate(*database_, schema::migrations()); }

  void append(UserId user, const std::string& payload, const std::string& consumer = "letters") {
    database_->write_now(
        [&](db::Tx& tx) { outbox_.append(tx, {consumer, "", user, "kind", payload}); });
  }
  std::unique_ptr<Workers> start(const Workers::Consumers& consumers, Timing timing = {},
                                 bool alone = false) {
    return std::make_unique<Workers>(
        Workers::Parts{*database_, outbox_, log_, metrics_, alone, timing}, consumers);
  }
  std::int64_t held_or_failed() {
    return database_->read_now([](db::Tx& tx) {
      return std::get<0>(*tx.one<std::int64_t>(
          "SELECT COUNT(*) FROM outbox_lanes WHERE claim IS NOT NULL OR failures > 0"));
    });
  }
  // Whether the metrics say so within some time.
  bool wait_for_metric(const std::string& line) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!metrics_.render().contains(line + "\n")) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  std::vector<std::string> lines() {
    const std::scoped_lock lock(lines_mutex_);
    return lines_;
  }

  SystemClock clock_;
  Outbox outbox_{clock_};
  telemetry::Registry metrics_{1};
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;
  telemetry::Log log_{{}, [this](std::string_view line) {
                        const std::scoped_lock lock(lines_mutex_);
                        lines_.emplace_back(line);
                      }};
  db::TestDatabase database_{GetParam()};
  Letterbox letterbox_;
};

INSTANTIATE_TEST_SUITE_P(Engines, OutboxWorkers, db::engines(), db::engine_name);

TEST_P(OutboxWorkers, DeliverInOrderWhatWasThereAndWhatComes) {
  append(kAlice, "1");
  append(kAlice, "2");
  const auto workers = start({letterbox_});
  ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, 2));
  append(kAlice, "3");
  append(kBob, "1");
  ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, 3));
  ASSERT_TRUE(letterbox_.wait_for_letters(kBob, 1));
  EXPECT_THAT(letterbox_.letters(kAlice), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(wait_for_metric(
      R"(latchkey_outbox_deliveries_total{consumer="letters",outcome="delivered"} 4)"));
}

// Polling would come too late by far.
TEST_P(OutboxWorkers, ACommitWakesThemAtOnce) {
  Timing timing;
  timing.poll = 1h;
  const auto workers = start({letterbox_}, timing);
  for (std::size_t i = 1; i <= 20; ++i) {
    append(kAlice, std::to_string(i));
    ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, i)) << i;
  }
}

TEST_P(OutboxWorkers, TryAgainWhatFails) {
  int refusals = 2;
  letterbox_.answer([&](const Item& item, const AttemptLimits&) {
    if (item.user == kAlice && refusals-- > 0) {
      if (refusals > 0) throw std::runtime_error("no route");
      return Delivery::failed("busy");
    }
    return Delivery::delivered();
  });
  append(kAlice, "1");
  append(kAlice, "2");
  append(kBob, "1");
  const auto workers = start({letterbox_}, {.poll = 10ms});
  ASSERT_TRUE(letterbox_.wait_for_letters(kBob, 1));
  ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, 2));
  EXPECT_THAT(letterbox_.letters(kAlice), ElementsAre("1", "2"));
  EXPECT_TRUE(wait_for_metric(
      R"(latchkey_outbox_deliveries_total{consumer="letters",outcome="failed"} 2)"));
  // One line for both: a destination that is down must not fill the log.
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("no route")));
}

TEST_P(OutboxWorkers, DropWhatIsRefusedForEverAndSaySo) {
  letterbox_.answer([](const Item& item, const AttemptLimits&) {
    return item.payload == "secret" ? Delivery::refused("no such person") : Delivery::delivered();
  });
  append(kAlice, "secret");
  append(kAlice, "2");
  const auto workers = start({letterbox_});
  ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, 1));
  EXPECT_THAT(letterbox_.letters(kAlice), ElementsAre("2"));
  EXPECT_THAT(lines(), Contains(HasSubstr("no such person")));
  EXPECT_THAT(lines(), Not(Contains(HasSubstr("secret"))));
  EXPECT_TRUE(wait_for_metric(
      R"(latchkey_outbox_deliveries_total{consumer="letters",outcome="refused"} 1)"));
}

// Retries may be as slow as they like, and as many.
TEST_P(OutboxWorkers, WhatIsNewDoesNotWaitForRetries) {
  std::binary_semaphore go_on{0};
  std::atomic<int> failures = 0;
  letterbox_.answer([&](const Item& item, const AttemptLimits&) {
    if (item.payload != "stuck") return Delivery::delivered();
    if (++failures > 1) go_on.acquire();
    return Delivery::failed("stuck");
  });
  append(UserId{10}, "stuck");
  const auto workers = start({letterbox_}, {.poll = 10ms});
  ASSERT_TRUE(letterbox_.wait_for_attempts(2));
  for (std::size_t i = 1; i <= 3; ++i) {
    append(kAlice, std::to_string(i));
    EXPECT_TRUE(letterbox_.wait_for_letters(kAlice, i));
  }
  go_on.release();
}

// Nor when as many lanes are tried again as there are workers.
TEST_P(OutboxWorkers, WhatIsNewDoesNotWaitForManyRetries) {
  std::counting_semaphore<> go_on{0};
  std::map<UserId, int> failures;
  std::mutex mutex;
  letterbox_.answer([&](const Item& item, const AttemptLimits&) {
    if (item.payload != "stuck") return Delivery::delivered();
    const bool again = [&] {
      const std::scoped_lock lock(mutex);
      return ++failures[item.user] > 1;
    }();
    if (again) go_on.acquire();
    return Delivery::failed("stuck");
  });
  append(UserId{10}, "stuck");
  append(UserId{11}, "stuck");
  const auto workers = start({letterbox_}, {.poll = 10ms});
  EXPECT_TRUE(letterbox_.wait_for_attempts(3));
  // By now the other lane is due as well, and whoever would take it has looked again.
  const auto due_at = database_->read_now([](db::Tx& tx) {
    return std::get<0>(*tx.one<Time>("SELECT MAX(due_at) FROM outbox_lanes"));
  });
  std::this_thread::sleep_for(std::max(Duration{0}, due_at - clock_.now()) + 50ms);
  append(kAlice, "1");
  EXPECT_TRUE(letterbox_.wait_for_letters(kAlice, 1));
  go_on.release(1000);
}

TEST_P(OutboxWorkers, AConsumerThatIsSlowDelaysNoOther) {
  std::counting_semaphore<> go_on{0};
  Letterbox slow("slow");
  slow.answer([&](const Item&, const AttemptLimits&) {
    go_on.acquire();
    return Delivery::delivered();
  });
  for (int user = 1; user <= 4; ++user) append(UserId{user}, "1", "slow");
  const auto workers = start({slow, letterbox_});
  ASSERT_TRUE(slow.wait_for_attempts(2));
  append(kAlice, "1");
  EXPECT_TRUE(letterbox_.wait_for_letters(kAlice, 1));
  go_on.release(4);
}

TEST_P(OutboxWorkers, AnEndLetsGoOfTheLanes) {
  letterbox_.answer([](const Item&, const AttemptLimits& limits) {
    while (!limits.stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return Delivery::failed("stopped");
  });
  append(kAlice, "1");
  auto workers = start({letterbox_});
  ASSERT_TRUE(letterbox_.wait_for_attempts(1));
  workers.reset();
  EXPECT_TRUE(letterbox_.letters(kAlice).empty());
  letterbox_.answer({});
  workers = start({letterbox_}, {.poll = 10ms});
  EXPECT_TRUE(letterbox_.wait_for_letters(kAlice, 1));
}

// What was claimed when the end came is left to the next start as it was.
TEST_P(OutboxWorkers, AnEndBeginsNoAttempt) {
  if (GetParam() != db::Dialect::sqlite) return;  // only there a claim can be made to wait
  append(kAlice, "1");
  std::binary_semaphore go_on{0};
  std::binary_semaphore written{0};
  std::jthread writer([&] {
    database_->write_now([&](db::Tx&) {
      written.release();
      go_on.acquire();
    });
  });
  written.acquire();
  auto workers = start({letterbox_}, {.poll = 10ms});
  while (database_->stats().waiting == 0) std::this_thread::yield();
  std::binary_semaphore ending{0};
  std::jthread end([&] {
    ending.release();
    workers.reset();
  });
  ending.acquire();
  std::this_thread::sleep_for(200ms);
  go_on.release();
  end.join();
  EXPECT_FALSE(letterbox_.attempted());
  EXPECT_EQ(held_or_failed(), 0);
}

// It would be delivered twice: whoever looks after abandoned lanes gives it to another.
TEST_P(OutboxWorkers, NoAttemptIsBegunThatMayOutliveTheLease) {
  append(kAlice, "1");
  auto workers = start({letterbox_}, {.patience = 1h, .lease = 1h, .poll = 10ms});
  std::this_thread::sleep_for(100ms);
  workers.reset();
  EXPECT_FALSE(letterbox_.attempted());
  EXPECT_EQ(held_or_failed(), 0);
}

TEST_P(OutboxWorkers, WhatADeadWorkerHeldIsTriedAgainAfterTheLease) {
  append(kAlice, "1");
  append(kAlice, "2");
  database_->write_now([&](db::Tx& tx) {
    tx.run("UPDATE outbox_lanes SET claim = 4711");  // of a process that was killed
  });
  const auto began = std::chrono::steady_clock::now();
  const auto workers =
      start({letterbox_}, {.patience = 100ms, .lease = 400ms, .poll = 10ms, .measure = 1h});
  ASSERT_TRUE(letterbox_.wait_for_letters(kAlice, 2));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 400ms);
  EXPECT_THAT(letterbox_.letters(kAlice), ElementsAre("1", "2"));
}

// What has killed one process after another waits longer each time, and only its own lane.
TEST_P(OutboxWorkers, WhatDeadWorkersHeldWaitsAsAfterFailures) {
  append(kAlice, "1");
  database_->write_now(
      [&](db::Tx& tx) { tx.run("UPDATE outbox_lanes SET claim = 4711, failures = 9"); });
  append(kBob, "1");
  Timing timing;
  timing.poll = 10ms;
  const auto began = clock_.now();
  const auto workers = start({letterbox_}, timing, true);
  ASSERT_TRUE(letterbox_.wait_for_letters(kBob, 1));
  const auto due_at = database_->read_now([](db::Tx& tx) {
    return std::get<0>(*tx.one<Time>("SELECT due_at FROM outbox_lanes WHERE user_id = 1"));
  });
  EXPECT_GE(due_at, began + retry_delay(9, {}, 0.0));
  EXPECT_TRUE(letterbox_.letters(kAlice).empty());
  EXPECT_THAT(lines(), Contains(HasSubstr("left unfinished")));
}

TEST_P(OutboxWorkers, AloneWithTheDatabaseTheyDoNotWaitForTheLease) {
  append(kAlice, "1");
  database_->write_now([&](db::Tx& tx) { tx.run("UPDATE outbox_lanes SET claim = 4711"); });
  Timing timing;
  timing.lease = 1h;
  const auto workers = start({letterbox_}, timing, true);
  EXPECT_TRUE(letterbox_.wait_for_letters(kAlice, 1));
}

TEST_P(OutboxWorkers, TellWhatWaits) {
  letterbox_.answer([](const Item&, const AttemptLimits&) { return Delivery::failed("away"); });
  append(kAlice, "1");
  append(kBob, "1");
  append(kAlice, "1", "gone");
  const auto workers = start({letterbox_}, {.poll = 10ms, .measure = 10ms});
  EXPECT_TRUE(wait_for_metric(R"(latchkey_outbox_pending{consumer="letters"} 2)"));
  EXPECT_THAT(metrics_.render(), HasSubstr("latchkey_outbox_oldest_seconds"));
  EXPECT_THAT(lines(), Contains(AllOf(HasSubstr("not configured"), HasSubstr("gone"))));
  letterbox_.answer({});
  EXPECT_TRUE(wait_for_metric(R"(latchkey_outbox_pending{consumer="letters"} 0)"));
  EXPECT_TRUE(wait_for_metric(R"(latchkey_outbox_oldest_seconds{consumer="letters"} 0)"));
}

}  // namespace
}  // namespace latchkey::outbox
