// What only the wiring does: what happens when the database is lost and found again, and at the
// end.
#include "app/core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>

#include "app/clearing.h"
#include "app/housekeeping.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/upkeep_testing.h"
#include "platform/db/postgres_testing.h"

namespace latchkey::app {
namespace {

using namespace std::chrono_literals;
using sessions::testing::heartbeat;
using sessions::testing::serve;
using sessions::testing::soon;
using sessions::testing::TestSessions;
using ::testing::Contains;
using ::testing::HasSubstr;

Config config_for(const db::TestDatabase& database) {
  Config config;
  config.server_name = "example.com";
  config.public_url = "http://127.0.0.1:8008/";
  config.database = database.url();
  config.database_pool = db::TestDatabase::small();
  config.keys_file.value = (database.file().parent_path() / "keys").string();
  return config;
}

// What is found may be a restored backup or a standby that lagged: whose rows it lacks signs in
// again softly, and that is noted before anything is judged by it.
TEST(CoreTest, NotesAGapWhenTheDatabaseIsLostAndFoundAgain) {
  const db::TestDatabase database(db::Dialect::postgresql);
  const Config config = config_for(database);
  Core core(config, 1, Core::Purpose::serve);
  const auto in_gap = [&] {
    return core.database->read_now(
        [&](db::Tx& tx) { return sessions::in_gap(tx, core.clock.now()); });
  };
  EXPECT_FALSE(in_gap()) << "a new database lacks nothing";

  db::shared_postgres().end_connections(database.url());
  EXPECT_TRUE(soon([&] { return core.database->stats().reconnects > 0; }));
  EXPECT_TRUE(in_gap());
  core.close();
}

// A start that fails half-way ends so. What a connection calls that is made again must still be
// there: the sanitizers tell.
TEST(CoreTest, MayBeDestroyedWhileTheDatabaseComesBack) {
  const db::TestDatabase database(db::Dialect::postgresql);
  const Config config = config_for(database);
  for (int i = 0; i < 5; ++i) {
    const Core core(config, 1, Core::Purpose::serve);
    db::shared_postgres().end_connections(database.url());
    EXPECT_TRUE(soon([&] { return i == 0 || core.database->stats().reconnects > 0; }));
  }
}

class HousekeepingTest : public sessions::testing::OnEachEngine {
 protected:
  // One that does only what a test is about.
  static Housekeeping::Intervals never() { return {1ms, 24h, 24h}; }

  telemetry::Log log() {
    return {{}, [this](std::string_view line) { lines_.emplace_back(line); }};
  }
  Housekeeping keep(const Housekeeping::Intervals& intervals) {
    return {*server_, *lease_, log(), intervals};
  }
  // Clears away again and again.
  Clearing::Parts clear(std::function<void(const Batches&)> purge = [](const Batches&) {}) {
    return {.sessions = *server_,
            .lease = *lease_,
            .purge = std::move(purge),
            .metrics = metrics_,
            .log = log(),
            .interval = 1ms};
  }
  bool ended(const TestSessions::SignedIn& phone) {
    return server_.row(phone.id()).end_reason == sessions::EndReason::device_unused;
  }

  std::vector<std::string> lines_;  // to be read when the thread has ended
  telemetry::Registry metrics_{1};
  std::optional<Lease> lease_{std::in_place, server_.db(), "clearing", false};
};

INSTANTIATE_TEST_SUITE_P(Engines, HousekeepingTest, db::engines(), db::engine_name);

TEST_P(HousekeepingTest, WritesFirstUsesAsTimeGoesBy) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto fresh = server_.refresh(phone.refresh()).value();
  const Housekeeping housekeeping = keep(never());
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  EXPECT_TRUE(soon([&] { return server_.row(phone.id()).seen == 1; }));
}

TEST_P(HousekeepingTest, WritesWhenDevicesWereUsedAsTimeGoesByAndAtItsEnd) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto used_now = [&] {
    return server_.row(phone.id()).last_active_at == server_.clock.now();
  };
  for (const Duration interval : {Duration{1}, Duration{24h}}) {
    server_.clock.advance(2min);
    {
      auto intervals = never();
      intervals.activity = interval;
      const Housekeeping housekeeping = keep(intervals);
      server_.look(phone.access());
      if (interval < 1h) EXPECT_TRUE(soon(used_now));
    }
    EXPECT_TRUE(used_now());
  }
}

TEST_P(HousekeepingTest, BeatsAsTimeGoesByAndAtItsEnd) {
  auto intervals = never();
  intervals.heartbeat = 1ms;
  {
    server_.clock.advance(1min);
    const Housekeeping housekeeping = keep(intervals);
    EXPECT_TRUE(soon([&] { return heartbeat(server_) == server_.clock.now(); }));
  }
  server_.clock.advance(1min);
  {
    const Housekeeping housekeeping = keep(never());
  }
  EXPECT_EQ(heartbeat(server_), server_.clock.now());
}

TEST_P(HousekeepingTest, KeepsTheLeaseAndGivesItUpAtItsEnd) {
  Lease other(server_.db(), "clearing", false);
  {
    const Housekeeping housekeeping = keep(never());
    EXPECT_TRUE(soon([&] { return lease_->held(); }));
    other.keep();
    EXPECT_FALSE(other.held());
  }
  EXPECT_FALSE(lease_->held());
  other.keep();
  EXPECT_TRUE(other.held());
}

// Whatever one of the tasks meets, the others are done, and again the next time.
TEST_P(HousekeepingTest, ClearsAndGoesOnWhenThatFails) {
  const auto phone = server_.sign_in(server_.add_user());
  ASSERT_TRUE(server_.sign_out(phone.access()).has_value());
  serve(server_, 24h * 365);
  lease_->keep();
  std::atomic<int> times{0};
  {
    const Clearing clearing(clear([&](const Batches&) {
      if (++times < 3) throw std::runtime_error("the disk is full");
    }));
    EXPECT_TRUE(soon([&] { return times > 3; }));
    EXPECT_FALSE(server_.has_row(phone.id()));
  }
  EXPECT_THAT(lines_, Contains(HasSubstr("the disk is full")));
}

TEST_P(HousekeepingTest, ClearsNothingWhileAnotherNodeHasTheLease) {
  Lease other(server_.db(), "clearing", false, {.believed = 1h, .lasts = 1h});
  other.keep();
  std::atomic<int> times{0};
  std::atomic<int> times_of_the_other{0};
  const Clearing clearing(clear([&](const Batches&) { ++times; }));
  lease_->keep();
  {
    telemetry::Registry metrics(1);
    const Clearing clearing_of_the_other({.sessions = *server_,
                                          .lease = other,
                                          .purge = [&](const Batches&) { ++times_of_the_other; },
                                          .metrics = metrics,
                                          .log = telemetry::Log({}, [](std::string_view) {}),
                                          .interval = 1ms});
    // This one has looked whether the lease has come to it by then: both look as often.
    EXPECT_TRUE(soon([&] { return times_of_the_other > 1; }));
  }
  EXPECT_FALSE(lease_->held());
  EXPECT_EQ(times, 0);
  other.give_up();
  lease_->keep();
  EXPECT_TRUE(soon([&] { return times > 0; }));
}

TEST_P(HousekeepingTest, StopsClearingWhenTheLeaseIsLost) {
  lease_->keep();
  std::atomic<int> batches{0};
  std::atomic<bool> done{false};
  const Clearing clearing(clear([&](const Batches& of) {
    while (of.go_on()) {
      if (++batches == 2) lease_->give_up();
    }
    done = true;
  }));
  EXPECT_TRUE(soon([&] { return done.load(); }));
  EXPECT_EQ(batches, 2);
}

TEST_P(HousekeepingTest, DeletesUnusedDevicesWhenItClears) {
  auto policy = sessions::testing::sample_policy();
  policy.maximum_idle = policy.maximum_age = policy.refresh_token_lifetime = {};
  policy.access_token_lifetime = policy.access_token_lifetime_without_refresh = {};
  policy.delete_unused_devices_after = 24h;
  server_.crash_and_take(policy);
  lease_.emplace(server_.db(), "clearing", false);
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  serve(server_, 48h);
  {
    const Housekeeping housekeeping = keep(never());
  }
  EXPECT_FALSE(ended(phone)) << "not before its time";
  lease_->keep();
  const Clearing clearing(clear());
  EXPECT_TRUE(soon([&] { return ended(phone); }));
}

TEST_P(HousekeepingTest, WritesFirstUsesAtItsEnd) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto fresh = server_.refresh(phone.refresh()).value();
  {
    const Housekeeping housekeeping(*server_, *lease_, server_.ground().log);
    EXPECT_TRUE(server_.check(fresh.access_token).active());
  }
  EXPECT_EQ(server_.row(phone.id()).seen, 1);
}

}  // namespace
}  // namespace latchkey::app
