#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "platform/config/bounds.h"
#include "platform/db/listener.h"
#include "platform/db/tx.h"
#include "platform/task.h"
#include "platform/time.h"

// The database, behind one interface for SQLite and PostgreSQL (design: storage).
namespace latchkey::db {

// A fault that passes: the database is away or full, its queue is full, or it is shutting down.
// Becomes 503 with Retry-After. A write that ends so may or may not have become durable.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The transaction met another one (a deadlock, a serialization failure, a made-up key that is
// taken): it may be run again.
class Conflict : public Unavailable {
 public:
  using Unavailable::Unavailable;
};

// Another process uses this SQLite file.
class Locked : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What was asked for cannot be done with this database; what() is a sentence for the operator.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Dialect { sqlite, postgresql };

struct Options {
  std::size_t size = 8;
  std::size_t queue = 10'000;
  Duration connect_timeout = std::chrono::seconds{5};
  Duration statement_timeout = std::chrono::seconds{10};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("size", size,
          "PostgreSQL: how many connections this node keeps, each with a thread. SQLite has one "
          "writer and a reader for each server thread.",
          config::Between{1, 1'000});
    visit("queue", queue, "How many operations may wait for the database; past it they get 503.",
          config::Between{1, 1'000'000});
    visit("connect_timeout", connect_timeout,
          "PostgreSQL: how long to try one host of the URL, and how long a silent connection is "
          "believed to be alive.",
          config::Between{1s, 1min});
    visit("statement_timeout", statement_timeout,
          "PostgreSQL: how long one statement may take before it is given up.",
          config::Between{100ms, 10min});
  }
};

// Counters since open(), for metrics.
struct Stats {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;      // committed
  std::uint64_t commits = 0;     // on SQLite one for each batch of writes
  std::uint64_t failures = 0;    // operations that got Unavailable
  std::uint64_t reconnects = 0;  // connections made again
  std::size_t waiting = 0;       // operations in the queue now
};

// A reference to a function object that outlives the call. Called once for each try.
class Job {
 public:
  template <class Fn>
    requires(!std::is_same_v<std::remove_cvref_t<Fn>, Job>)
  explicit Job(Fn& fn)
      : object_(&fn), call_([](void* object, Tx& tx) { (*static_cast<Fn*>(object))(tx); }) {}

  void operator()(Tx& tx) const { call_(object_, tx); }

 private:
  void* object_;
  void (*call_)(void*, Tx&);
};

// One statement that is a transaction by itself, or the first of a few: see one_statement.h. All
// that it points to outlives the run.
struct OneStatement {
  std::string_view sql;
  // As PostgreSQL has it, where the two differ: with what locks its rows, since writes run at the
  // same time there. Empty: alike.
  std::string_view postgresql = {};
  std::span<const Value> args;
  // Takes what the statement gives; once for each try.
  void (*read)(void* into, Statement& statement) = nullptr;
  void* into = nullptr;
  // A turn that comes later than this is too late: Unavailable.
  std::optional<Duration> patience = {};
  // The key of the row that it changes: what is written together is written in this order, so that
  // no two such transactions wait for each other.
  std::int64_t key = 0;
  // What comes after it in the same transaction; patience and key are the first one's.
  const OneStatement* then = nullptr;

  // As the engine has it.
  std::string_view text(bool locks) const {
    return locks && !postgresql.empty() ? postgresql : sql;
  }

  void operator()(Tx& tx) const;
};

namespace detail {

// What a function returned, across its tries and threads.
template <class R>
struct Outcome {
  std::optional<R> value;

  template <class Fn>
  void set(Fn& fn, Tx& tx) {
    value.reset();
    value.emplace(fn(tx));
  }
  R take() { return std::move(*value); }
};

template <>
struct Outcome<void> {
  template <class Fn>
  void set(Fn& fn, Tx& tx) {
    fn(tx);
  }
  void take() {}
};

}  // namespace detail

class Database {
 public:
  virtual ~Database() = default;

  // Runs fn(Tx&) in a read transaction (one snapshot, taken when fn's first statement runs) and
  // returns what it returns. On SQLite in place, on PostgreSQL on a database thread; resumes on
  // the caller's executor. Writing in it is an Error.
  template <class Fn>
  Task<std::invoke_result_t<Fn&, Tx&>> read(Fn fn) {
    detail::Outcome<std::invoke_result_t<Fn&, Tx&>> outcome;
    auto job = [&](Tx& tx) { outcome.set(fn, tx); };
    if (dialect() == Dialect::sqlite) {
      read_blocking(Job(job));
    } else {
      co_await perform(Access::read, Job(job));
    }
    co_return outcome.take();
  }

  // Runs fn(Tx&) in a write transaction; durable when it returns. An exception from fn rolls
  // back fn's changes alone and is rethrown here. fn may run more than once, also after it had come
  // to its end (a serialization failure, a connection lost before the commit; on SQLite whenever
  // another write that was to share the commit fails). So it touches nothing but its Tx and values
  // that it sets afresh each time; what cannot be undone goes to Tx::just_before_commit().
  //
  // On SQLite writes run one after another. On PostgreSQL they run at the same time, READ
  // COMMITTED: what is decided from a row must be read with for_update().
  template <class Fn>
  Task<std::invoke_result_t<Fn&, Tx&>> write(Fn fn) {
    detail::Outcome<std::invoke_result_t<Fn&, Tx&>> outcome;
    auto job = [&](Tx& tx) { outcome.set(fn, tx); };
    co_await perform(Access::write, Job(job));
    co_return outcome.take();
  }

  // The same, but its commit does not wait for the disk. It survives this process, as when it is
  // killed; but a loss of power may undo it, and on PostgreSQL a crash of the server or a standby
  // that takes over. For the steps of what somebody begins again without a loss, never for what
  // lasts. What is written after it, by write(), makes it durable too.
  template <class Fn>
  Task<std::invoke_result_t<Fn&, Tx&>> write_unsynced(Fn fn) {
    detail::Outcome<std::invoke_result_t<Fn&, Tx&>> outcome;
    auto job = [&](Tx& tx) { outcome.set(fn, tx); };
    co_await perform(Access::unsynced_write, Job(job));
    co_return outcome.take();
  }

  // Like read() and write(), blocking: for start-up, the command line and housekeeping threads.
  // Never from within fn.
  template <class Fn>
  std::invoke_result_t<Fn&, Tx&> read_now(Fn fn) {
    detail::Outcome<std::invoke_result_t<Fn&, Tx&>> outcome;
    auto job = [&](Tx& tx) { outcome.set(fn, tx); };
    read_blocking(Job(job));
    return outcome.take();
  }
  template <class Fn>
  std::invoke_result_t<Fn&, Tx&> write_now(Fn fn) {
    detail::Outcome<std::invoke_result_t<Fn&, Tx&>> outcome;
    auto job = [&](Tx& tx) { outcome.set(fn, tx); };
    perform_now(Access::write, Job(job));
    return outcome.take();
  }

  // One statement, in a transaction of its own (one_statement.h). On PostgreSQL it is a single
  // round trip, and what waits at the same time may share one. A statement that writes may run
  // twice when a connection is lost: let it be one that finds nothing to do the second time.
  Task<void> read_one(OneStatement statement);
  Task<void> write_one(OneStatement statement);

  Dialect dialect() const { return dialect_; }
  virtual Stats stats() const = 0;

  // fn runs in a write transaction of its own, committed, on each connection that is made again
  // after a loss, before that connection serves anything: what it finds may be a restored backup
  // or another server. While fn fails the connection counts as lost. SQLite has no connection to
  // lose. To be set before the first operation.
  virtual void on_reconnect(std::function<void(Tx&)> fn) = 0;

  // fn is told, in a sentence for the log, that the database is lost or full, and that it is
  // found again. Called on database threads, one at a time; must not throw.
  void on_trouble(std::function<void(std::string_view sentence)> fn);

  // Hears what Tx::notify sends on any node. SQLite: an object that is always fresh. To be
  // destroyed before the database.
  virtual std::unique_ptr<Listener> listen(ListenerHooks hooks) = 0;

  // A copy of the database as it is now, into a new file, while it is in use. SQLite only; throws
  // Refused with a sentence when the file exists or the engine has tools of its own.
  virtual void backup(const std::string& path) = 0;

  // Refuses new operations with Unavailable, finishes those that wait, ends the threads. To be
  // called while every io_context whose coroutines wait for the database still exists.
  virtual void close() = 0;

 protected:
  enum class Access { read, write, unsynced_write };
  using Completion = std::move_only_function<void(std::exception_ptr)>;

  explicit Database(Dialect dialect) : dialect_(dialect) {}

  // Tells what on_trouble() was given.
  void report(std::string_view sentence);

  virtual void read_blocking(Job job) = 0;
  void perform_now(Access access, Job job);
  // Runs `job` on a database thread, then calls `done` there, or at once when it is refused.
  virtual void submit(Access access, Job job, Completion done) = 0;
  // The same of one statement, which outlives that.
  virtual void submit_one(Access access, OneStatement& statement, Completion done) {
    submit(access, Job(statement), std::move(done));
  }

 private:
  Task<void> perform(Access access, Job job);
  // Waits for what `begin(completion)` has begun.
  template <class Begin>
  static Task<void> completed(Begin begin);

  const Dialect dialect_;
  std::mutex trouble_mutex_;
  std::function<void(std::string_view)> on_trouble_;
};

// Opens sqlite:///absolute/path, sqlite:relative/path (created when absent, mode 0600) or
// postgresql://… (libpq's URL; several hosts are tried in turn for the one that takes writes).
// Throws Refused for another URL or a file that is no database, Locked, or Unavailable when the
// server does not answer; never with the URL's password in the sentence.
std::unique_ptr<Database> open(std::string_view url, const Options& options = {});

}  // namespace latchkey::db
