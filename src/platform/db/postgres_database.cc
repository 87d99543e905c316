#include "platform/db/postgres_database.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "platform/db/postgres_listener.h"
#include "platform/db/postgres_pool.h"

namespace latchkey::db {
namespace {

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
            url, options, [this] { return reconnect_hooks(); },
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
    return std::make_unique<Registered>(
        listeners_, std::make_unique<PostgresListener>(
                        url_, options_, std::string(PostgresTx::channel), std::move(hooks)));
  }

  void backup(const std::string&) override {
    throw Refused(
        "a PostgreSQL database is backed up with PostgreSQL's own tools: pg_dump, or "
        "pg_basebackup with archived WAL");
  }

  void close() override { pool_.close(); }

 protected:
  void read_blocking(Job job) override { perform_now(Access::read, job); }

  void submit(Access access, Job job, Completion done) override {
    pool_.submit(PostgresItem(Operation(job, std::move(done)), access == Access::write));
  }

 private:
  ReconnectHooks reconnect_hooks() {
    const std::lock_guard lock(mutex_);
    return {on_reconnect_, [listeners = listeners_] { listeners->distrust(); }};
  }

  const std::string url_;
  const Options options_;
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::mutex mutex_;
  std::function<void(Tx&)> on_reconnect_;
  PostgresPool pool_;  // last: its threads use the rest
};

}  // namespace

std::unique_ptr<Database> open_postgres(const std::string& url, const Options& options) {
  return std::make_unique<PostgresDatabase>(url, options);
}

}  // namespace latchkey::db
