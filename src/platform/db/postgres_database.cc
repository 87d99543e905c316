#include "platform/db/postgres_database.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "platform/db/postgres_control.h"
#include "platform/db/postgres_listener.h"
#include "platform/db/postgres_pool.h"

namespace latchkey::db {
namespace {

// For how long a node waits for its own announcement before it says that it hears none, and after
// how long it announces it again: a connection may be made anew in between.
constexpr std::chrono::seconds kProbed{10};
constexpr std::chrono::seconds kProbeAgain{1};

// The listeners to be told when a pool connection was made again.
class Listeners {
 public:
  void add(PostgresListener* listener) {
    const std::lock_guard lock(mutex_);
    all_.push_back(listener);
  }
  void remove(PostgresListener* listener) {
    const std::lock_guard lock(mutex_);
    std::erase(all_, listener);
  }
  void distrust() {
    const std::lock_guard lock(mutex_);
    for (PostgresListener* listener : all_) listener->distrust();
  }

 private:
  std::mutex mutex_;
  std::vector<PostgresListener*> all_;
};

class Registered final : public Listener {
 public:
  Registered(std::shared_ptr<Listeners> listeners, std::unique_ptr<PostgresListener> listener)
      : listeners_(std::move(listeners)), listener_(std::move(listener)) {
    listeners_->add(listener_.get());
  }
  ~Registered() override { listeners_->remove(listener_.get()); }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

  Clock::time_point last_heard() const override { return listener_->last_heard(); }
  void catch_up() override { listener_->catch_up(); }

 private:
  const std::shared_ptr<Listeners> listeners_;
  const std::unique_ptr<PostgresListener> listener_;
};

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const std::string& url, const Options& options)
      : Database(Dialect::postgresql),
        url_(url),
        options_(options),
        pool_(
            url, options, history_, [this] { return reconnect_hooks(); },
            [this](std::string_view sentence) { report(sentence); }) {}

  Stats stats() const override {
    Stats stats;
    pool_.count(stats);
    return stats;
  }

  void on_reconnect(std::function<void(Tx&)> fn) override {
    const std::lock_guard lock(mutex_);
    on_reconnect_ = std::move(fn);
  }

  std::unique_ptr<Listener> listen(ListenerHooks hooks) override {
    auto listener = std::make_unique<PostgresListener>(
        listen_url_.empty() ? url_ : listen_url_, options_, history_,
        std::string(PostgresTx::channel), std::move(hooks));
    prove(*listener);
    return std::make_unique<Registered>(listeners_, std::move(listener));
  }

  void backup(const std::string&) override {
    throw Refused(
        "a PostgreSQL database is backed up with PostgreSQL's own tools: pg_dump, or "
        "pg_basebackup with archived WAL");
  }

  void close() override { pool_.close(); }

  void listen_at(std::string url) { listen_url_ = std::move(url); }
  bool is_away() const { return pool_.is_away(); }

 protected:
  void read_blocking(Job job) override { perform_now(Access::read, job); }

  void submit(Access access, Job job, Completion done) override {
    Operation operation(job, std::move(done));
    operation.synced = access != Access::unsynced_write;
    pool_.submit(PostgresItem(std::move(operation), access != Access::read));
  }

  void submit_one(Access access, OneStatement& statement, Completion done) override {
    pool_.submit(PostgresItem(Operation(statement, std::move(done)), access == Access::write));
  }

 private:
  // What the pool announces has to come back. Behind pgBouncer in transaction mode LISTEN succeeds
  // and hears nothing; by chance one notification may still reach who asked for it.
  void prove(PostgresListener& listener) {
    const std::uint64_t times = listener.pooled() ? 5 : 1;
    const auto deadline = Listener::Clock::now() + kProbed;
    for (std::uint64_t number = 1; number <= times; ++number) {
      do {
        if (Listener::Clock::now() > deadline) throw Refused(unheard(listener.pooled()));
        auto send = [&](Tx& tx) {
          tx.one<std::string>("SELECT pg_notify(:channel, :payload)", listener.probe_channel(),
                              PostgresListener::probe_payload(number));
        };
        perform_now(Access::write, Job(send));
      } while (!listener.probe_arrives(number, Listener::Clock::now() + kProbeAgain));
    }
  }

  std::string unheard(bool pooled) const {
    if (!listen_url_.empty()) {
      return "cluster.listen_url: what is announced at `database` does not arrive there; it "
             "has to be the direct address of the same database, not one of pgBouncer";
    }
    if (!pooled) return "what this node announces through the database does not come back to it";
    return "database: a pooler (pgBouncer in transaction mode?) stands before the database, and "
           "what nodes announce to each other is not heard through it: give the database's own "
           "address as cluster.listen_url, or let the pooler use session mode";
  }

  ReconnectHooks reconnect_hooks() {
    const std::lock_guard lock(mutex_);
    return {on_reconnect_, [listeners = listeners_] { listeners->distrust(); }};
  }

  const std::string url_;
  const Options options_;
  std::string listen_url_;  // empty: as url_
  ServerHistory history_;
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::mutex mutex_;
  std::function<void(Tx&)> on_reconnect_;
  PostgresPool pool_;  // last: its threads use the rest
};

}  // namespace

void listen_at(Database& database, std::string url) {
  if (auto* postgres = dynamic_cast<PostgresDatabase*>(&database)) {
    postgres->listen_at(std::move(url));
  }
}

bool is_away(const Database& database) {
  const auto* postgres = dynamic_cast<const PostgresDatabase*>(&database);
  return postgres != nullptr && postgres->is_away();
}

std::unique_ptr<Database> open_postgres(const std::string& url, const Options& options) {
  return std::make_unique<PostgresDatabase>(url, options);
}

}  // namespace latchkey::db
