#include "simulation/shared_database.h"

#include <sqlite3.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "domain/schema/schema.h"
#include "platform/db/migration.h"

namespace latchkey::simulation {
namespace {

constexpr std::size_t kMostStates = 6;

// "SAVEPOINT state0", …: a connection keeps its statements by their texts.
std::array<std::string, kMostStates> texts(std::string_view verb) {
  std::array<std::string, kMostStates> all;
  for (std::size_t i = 0; i < kMostStates; ++i) {
    all[i] = std::string(verb) + " state" + std::to_string(i);
  }
  return all;
}

// The schema is made by the code that makes every other.
class ForTheSchema final : public WithoutThreads {
 public:
  explicit ForTheSchema(SharedDatabase& shared)
      : WithoutThreads(db::Dialect::sqlite), shared_(shared) {}

  db::Stats stats() const override { return {}; }
  void on_reconnect(std::function<void(db::Tx&)>) override {}
  std::unique_ptr<db::Listener> listen(db::ListenerHooks) override { return nullptr; }
  void backup(const std::string&) override {}
  void close() override {}
  void at_once(bool /*write*/, db::Job job) override { shared_.write(job, {}, {}); }

 protected:
  void read_blocking(db::Job job) override { shared_.read(job, {}); }
  void submit(Access, db::Job, Completion) override {}

 private:
  SharedDatabase& shared_;
};

}  // namespace

class SharedDatabase::Transaction final : public db::Tx {
 public:
  Transaction(db::SqliteConnection& connection, Duration waited) : connection_(connection) {
    waited_ = waited;
  }

  void script(std::string_view sql) override { connection_.script(sql); }
  std::string_view for_update() const override { return ""; }
  std::string_view for_update_skip_locked() const override { return ""; }
  void notify(std::string_view payload) override { payloads_.emplace_back(payload); }

  using Tx::run_before_commit;
  using Tx::run_just_before_commit;
  const std::vector<std::string>& payloads() const { return payloads_; }
  std::vector<std::function<void()>> take_hooks() { return std::move(after_commit_); }

 protected:
  db::Statement& start(std::string_view sql, std::span<const db::Value> args) override {
    return connection_.start(sql, args);
  }
  void start_later(std::string_view sql, std::span<const db::Value> args,
                   OnTakenKey taken) override {
    connection_.keys_are_made_up(taken == OnTakenKey::run_again);
    try {
      Tx::start_later(sql, args, taken);
    } catch (...) {
      connection_.keys_are_made_up(false);
      throw;
    }
    connection_.keys_are_made_up(false);
  }

 private:
  db::SqliteConnection& connection_;
  std::vector<std::string> payloads_;
};

SharedDatabase::SharedDatabase() {
  connection_.run("BEGIN");
  ForTheSchema for_the_schema(*this);
  db::migrate(for_the_schema, schema::migrations());
  connection_.run("COMMIT");
  sqlite3_update_hook(
      connection_.handle(),
      [](void* self, int what, const char* database, const char* table, sqlite3_int64 id) {
        note_change(self, what, database, table, id);
      },
      this);
}

void SharedDatabase::note_change(void* self, int /*what*/, const char* /*database*/,
                                 const char* table, std::int64_t id) {
  auto& changes = static_cast<SharedDatabase*>(self)->changes_;
  const std::string_view name = table;
  if (name == "sessions") changes.push_back({Change::Table::sessions, id});
  if (name == "users") changes.push_back({Change::Table::users, id});
}

void SharedDatabase::begin_history(Watch watch, Carry carry) {
  connection_.run("BEGIN");
  watch_ = std::move(watch);
  carry_ = std::move(carry);
  commits_ = 0;
  generation_ = 1;
  states_.clear();
}

void SharedDatabase::end_history() {
  connection_.roll_back();
  watch_ = nullptr;
  carry_ = nullptr;
}

void SharedDatabase::read(db::Job job, Duration waited) {
  const auto before = sqlite3_total_changes64(connection_.handle());
  Transaction tx(connection_, waited);
  try {
    job(tx);
    if (const auto failure = connection_.take_failure()) std::rethrow_exception(failure);
  } catch (...) {
    connection_.take_failure();
    throw;
  }
  if (sqlite3_total_changes64(connection_.handle()) != before) {
    throw std::logic_error("a read transaction has written");
  }
}

// Whether the job is done; false: a key that it has made up was taken.
bool SharedDatabase::try_write(db::Job job, Transaction& tx) {
  changes_.clear();
  connection_.run("SAVEPOINT write");
  try {
    job(tx);
    tx.run_before_commit();
    if (const auto failure = connection_.take_failure()) std::rethrow_exception(failure);
    return true;
  } catch (const db::Conflict&) {
    undo();
    return false;
  } catch (...) {
    undo();
    throw;
  }
}

void SharedDatabase::undo() {
  connection_.take_failure();
  connection_.run("ROLLBACK TO write");
  connection_.run("RELEASE write");
}

std::vector<std::function<void()>> SharedDatabase::write(db::Job job, Duration waited,
                                                         const Cause& cause, bool undone) {
  std::optional<Transaction> tx;
  if (undone) {
    tx.emplace(connection_, waited);
    if (try_write(job, *tx)) undo();
  }
  do {
    tx.emplace(connection_, waited);
  } while (!try_write(job, *tx));
  tx->run_just_before_commit();
  connection_.run("RELEASE write");
  ++commits_;
  if (watch_) {
    const auto changed = std::exchange(changes_, {});
    Transaction look(connection_, Duration{0});
    watch_(look, cause, changed);
  }
  if (carry_ && !tx->payloads().empty()) carry_(tx->payloads());
  return tx->take_hooks();
}

void SharedDatabase::keep_state() {
  static const auto kSave = texts("SAVEPOINT");
  static const auto kRelease = texts("RELEASE");
  if (states_.size() == kMostStates) {
    // The oldest stays, the others are given up: a savepoint cannot go without those after it.
    connection_.run(kRelease[1]);
    states_.resize(1);
  }
  connection_.run(kSave[states_.size()]);
  states_.push_back(commits_);
}

void SharedDatabase::go_back(std::size_t state) {
  static const auto kBack = texts("ROLLBACK TO");
  connection_.run(kBack[state]);
  states_.resize(state + 1);
  ++generation_;
}

}  // namespace latchkey::simulation
