// Processes that are killed between a cause's commit, the delivery of its item and its settling:
// each item is delivered, in the order of the causes, and at most the one that was under way comes
// twice.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "domain/outbox/retry.h"
#include "domain/outbox/workers.h"
#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey::outbox {
namespace {

using namespace std::chrono_literals;

constexpr int kUsers = 6;
constexpr int kKills = 10;
constexpr Timing kTiming{.patience = 150ms, .lease = 600ms, .poll = 20ms, .measure = 1h};

// The sample consumer of these tests: a file that all processes append lines to.
class Ledger final : public Consumer {
 public:
  explicit Ledger(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  ~Ledger() override { close(file_); }

  std::string_view name() const override { return "ledger"; }
  std::size_t parallel() const override { return 3; }
  Delivery deliver(const Item& item, const AttemptLimits&) override {
    const std::string line = std::to_string(static_cast<std::int64_t>(item.user)) + ' ' +
                             item.payload + ' ' + std::to_string(getpid()) + '\n';
    if (!std::in_range<ssize_t>(line.size()) ||
        write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      return Delivery::failed("the ledger takes nothing");
    }
    // Time to be killed in.
    std::this_thread::sleep_for(std::chrono::milliseconds{std::random_device()() % 4});
    return Delivery::delivered();
  }

 private:
  const int file_;
};

// A cause is a number that goes up; its item says which.
void cause(db::Database& db, Outbox& outbox, int user) {
  db.write_now([&](db::Tx& tx) {
    const auto n =
        tx.one<std::int64_t>("UPDATE causes SET n = n + 1 WHERE user_id = :user RETURNING n", user);
    outbox.append(tx, {"ledger", "", UserId{user}, "cause", std::to_string(std::get<0>(*n))});
  });
}

struct Node {
  Node(db::Database& db, const std::string& path, const telemetry::Log& log)
      : ledger(path),
        workers({db, outbox, log, metrics, db.dialect() == db::Dialect::sqlite, kTiming},
                {ledger}) {}

  SystemClock clock;
  Outbox outbox{clock};
  telemetry::Registry metrics{1};
  Ledger ledger;
  Workers workers;
};

telemetry::Log silent() {
  return telemetry::Log({.level = telemetry::Level::off}, [](std::string_view) {});
}

// No test: what the processes run that the tests below start and kill. They are given the database
// and the ledger.
TEST(OutboxProcess, DISABLED_WorksUntilItIsKilled) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* url = std::getenv("LATCHKEY_TEST_DATABASE");
  const char* path = std::getenv("LATCHKEY_TEST_LEDGER");
  ASSERT_TRUE(url != nullptr && path != nullptr);
  const auto db = db::open(url, db::TestDatabase::small());
  Node node(*db, path, silent());
  std::minstd_rand random(static_cast<unsigned>(getpid()));
  for (;;) cause(*db, node.outbox, 1 + static_cast<int>(random() % kUsers));
}

// The same: what it is told to deliver kills it.
class Poison final : public Consumer {
 public:
  explicit Poison(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  ~Poison() override { close(file_); }

  std::string_view name() const override { return "poison"; }
  Delivery deliver(const Item& item, const AttemptLimits&) override {
    const std::string line = "1 " + item.payload + ' ' + std::to_string(getpid()) + '\n';
    if (write(file_, line.data(), line.size()) > 0) kill(getpid(), SIGKILL);
    return Delivery::failed("it survived");
  }

 private:
  const int file_;
};

TEST(OutboxProcess, DISABLED_DiesOfWhatItDelivers) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* url = std::getenv("LATCHKEY_TEST_DATABASE");
  const char* path = std::getenv("LATCHKEY_TEST_LEDGER");
  ASSERT_TRUE(url != nullptr && path != nullptr);
  const auto db = db::open(url, db::TestDatabase::small());
  const SystemClock clock;
  Outbox outbox(clock);
  telemetry::Registry metrics{1};
  Poison poison(path);
  const Workers workers(
      {*db, outbox, silent(), metrics, db->dialect() == db::Dialect::sqlite, kTiming}, {poison});
  for (;;) pause();
}

class Process {
 public:
  Process(const std::string& url, const std::string& ledger,
          const std::string& what = "WorksUntilItIsKilled") {
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=OutboxProcess.DISABLED_" + what;
    std::string disabled = "--gtest_also_run_disabled_tests";
    // Not that of the test's own report.
    std::string output = "--gtest_output=";
    std::array<char*, 5> arguments{program.data(), filter.data(), disabled.data(), output.data(),
                                   nullptr};
    setenv("LATCHKEY_TEST_DATABASE", url.c_str(), 1);
    setenv("LATCHKEY_TEST_LEDGER", ledger.c_str(), 1);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const int failed =
        posix_spawn(&id_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start another process");
  }
  ~Process() {
    kill(id_, SIGKILL);
    int status = 0;
    waitpid(id_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "a process ended by itself";
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }

 private:
  pid_t id_ = 0;
};

class OutboxKills : public ::testing::TestWithParam<db::Dialect> {
 protected:
  struct Entry {
    int user = 0;
    int n = 0;
    int process = 0;
  };

  OutboxKills() {
    db::migrate(*database_, schema::migrations());
    database_->write_now([](db::Tx& tx) {
      tx.script("CREATE TABLE causes (user_id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)");
      for (int user = 1; user <= kUsers; ++user) {
        tx.run("INSERT INTO causes (user_id, n) VALUES (:user, 0)", user);
      }
    });
    database_.close();
  }
  std::string ledger() const { return (database_.file().parent_path() / "ledger").string(); }
  std::vector<Entry> entries() const {
    std::ifstream file(ledger());
    std::vector<Entry> all;
    for (Entry entry; file >> entry.user >> entry.n >> entry.process;) all.push_back(entry);
    return all;
  }
  // Until that process has delivered something.
  bool wait_for_work_of(const Process& process) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    const auto of_it = [&](const Entry& entry) { return entry.process == process.id(); };
    while (std::ranges::none_of(entries(), of_it)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(2ms);
    }
    return true;
  }
  // Delivers what is left.
  bool finish() {
    db::Database& db = *database_;
    const Node node(db, ledger(), silent());
    const auto left = [&] {
      return db.read_now([](db::Tx& tx) {
        return std::get<0>(*tx.one<std::int64_t>("SELECT COUNT(*) FROM outbox"));
      });
    };
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (left() > 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }

  db::TestDatabase database_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, OutboxKills, db::engines(), db::engine_name);

// As after failures that leave the process alive: about a second, then two, then four.
TEST_P(OutboxKills, WhatKillsTheProcessWaitsLongerEachTime) {
  {
    const SystemClock clock;
    Outbox outbox(clock);
    const auto db = db::open(database_.url(), db::TestDatabase::small());
    db->write_now([&](db::Tx& tx) { outbox.append(tx, {"poison", "", UserId{1}, "cause", "1"}); });
  }
  std::vector<std::chrono::steady_clock::time_point> deaths;
  for (int i = 0; i < 3; ++i) {
    const Process process(database_.url(), ledger(), "DiesOfWhatItDelivers");
    ASSERT_TRUE(wait_for_work_of(process));
    deaths.push_back(std::chrono::steady_clock::now());
  }
  for (std::size_t i = 1; i < deaths.size(); ++i) {
    EXPECT_GE(deaths[i] - deaths[i - 1], retry_delay(static_cast<int>(i), {}, 0.0)) << i;
  }
}

TEST_P(OutboxKills, LoseNothingAndBreakNoOrder) {
  // SQLite has one process; nodes of one PostgreSQL deliver the same lanes in turn.
  const std::size_t count = GetParam() == db::Dialect::sqlite ? 1 : 3;
  std::mt19937 random(20261128);
  std::vector<std::unique_ptr<Process>> processes;
  for (std::size_t i = 0; i < count; ++i) {
    processes.push_back(std::make_unique<Process>(database_.url(), ledger()));
  }
  for (int i = 0; i < kKills; ++i) {
    auto& killed = processes[random() % count];
    ASSERT_TRUE(wait_for_work_of(*killed));
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 20'000});
    killed.reset();
    killed = std::make_unique<Process>(database_.url(), ledger());
  }
  for (const auto& process : processes) ASSERT_TRUE(wait_for_work_of(*process));
  processes.clear();
  ASSERT_TRUE(finish());

  std::map<int, int> last;
  std::set<int> nodes;
  for (const Entry& entry : entries()) {
    int& before = last[entry.user];
    EXPECT_TRUE(entry.n == before + 1 || (entry.n == before && before > 0))
        << "user " << entry.user << ": " << entry.n << " after " << before;
    before = entry.n;
    nodes.insert(entry.process);
  }
  EXPECT_GE(nodes.size(), kKills + count);
  const auto causes = database_->read_now(
      [](db::Tx& tx) { return tx.all<int, int>("SELECT user_id, n FROM causes"); });
  for (const auto& [user, n] : causes) EXPECT_EQ(last[user], n) << "user " << user;
}

}  // namespace
}  // namespace latchkey::outbox
