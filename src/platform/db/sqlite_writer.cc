#include "platform/db/sqlite_writer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "platform/db/sqlite_readers.h"

namespace latchkey::db {
namespace {

// The log is copied into the file when it has grown to this many pages (4 MiB).
constexpr int checkpoint_pages = 1'000;
constexpr int most_tries = 6;  // of a write that met a key which it had made up
// Where one has failed others often will, as while a homeserver is told of new devices first.
constexpr int guarded_after_a_failure = 16;  // batches

bool passes(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Unavailable&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

SqliteWriter::SqliteWriter(const std::string& path, std::size_t queue, SqliteReaders& readers,
                           Report report)
    : connection_(path, SqliteConnection::Mode::write),
      readers_(readers),
      report_(std::move(report)),
      limit_(queue) {
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* log_pages, sqlite3*, const char*, int pages) {
        *static_cast<int*>(log_pages) = pages;
        return SQLITE_OK;
      },
      &log_pages_);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "db-writer");
}

SqliteWriter::~SqliteWriter() { close(); }

void SqliteWriter::submit(Operation operation) {
  {
    std::unique_lock lock(mutex_);
    if (closing_ || waiting_.size() >= limit_) {
      const char* reason =
          closing_ ? "the database is being closed" : "too many operations wait for the database";
      lock.unlock();
      ++failures_;
      return operation.done(std::make_exception_ptr(Unavailable(reason)));
    }
    waiting_.push_back(std::move(operation));
    if (waiting_.size() != wakes_) return;
  }
  arrived_.notify_one();
}

void SqliteWriter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SqliteWriter::count(Stats& stats) const {
  stats.writes += writes_;
  stats.commits += commits_;
  stats.failures += failures_;
  stats.waiting += waiting();
}

std::size_t SqliteWriter::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void SqliteWriter::run() {
  for (;;) {
    Batch batch = next_batch();
    if (batch.empty()) return;  // closing
    const Clock::time_point began = Clock::now();
    commit_batch(batch);
    const auto took = std::chrono::duration_cast<Gathering::Span>(Clock::now() - began);
    const std::size_t came = waiting();
    finish(batch);
    gathering_.committed(batch.size(), came, took);
    checkpoint();
  }
}

SqliteWriter::Batch SqliteWriter::next_batch() {
  Batch batch;
  std::unique_lock lock(mutex_);
  wait_for_more(lock);
  batch.reserve(std::min(waiting_.size(), largest_batch));
  while (!waiting_.empty() && batch.size() < largest_batch) {
    batch.emplace_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void SqliteWriter::wait_for_more(std::unique_lock<std::mutex>& lock) {
  wakes_ = 1;
  arrived_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
  const std::size_t before = waiting_.size();
  const Gathering::Plan plan = gathering_.plan(before);
  wakes_ = plan.count;
  if (plan.count > before && !closing_) {
    arrived_.wait_for(lock, plan.patience,
                      [&] { return closing_ || waiting_.size() >= plan.count; });
    gathering_.waited(plan, before, waiting_.size());
  }
  wakes_ = nobody;
}

void SqliteWriter::commit_batch(Batch& batch) {
  try {
    connection_.sync_commits(
        std::ranges::any_of(batch, [](const Entry& entry) { return entry.operation.synced; }));
    const bool alone = batch.size() == 1;
    if (!alone && commit_unguarded(batch)) return;
    connection_.run("BEGIN IMMEDIATE");
    for (Entry& entry : batch) run_entry(entry, alone);
    if (!connection_.in_transaction()) return;  // one entry, and it failed
    commit();
  } catch (const std::exception& failure) {
    // Nothing of the batch is known to be durable. An entry that failed by itself keeps its
    // reason; the others each get an exception of their own, since they are on other threads.
    connection_.take_failure();
    connection_.roll_back();
    report_(std::string("the database took no writes: ") + failure.what());
    for (Entry& entry : batch) {
      if (entry.error && !passes(entry.error)) continue;
      entry.error = std::make_exception_ptr(Unavailable(failure.what()));
    }
  }
}

// Nearly always nothing fails; and a savepoint keeps a copy of each page that is changed after it.
bool SqliteWriter::commit_unguarded(Batch& batch) {
  if (guarded_ > 0) {
    --guarded_;
    return false;
  }
  connection_.run("BEGIN IMMEDIATE");
  try {
    std::deque<SqliteTx> transactions;
    for (const Entry& entry : batch) {
      run_job(entry.operation, transactions.emplace_back(connection_, entry.operation.waited()));
    }
    for (std::size_t i = 0; i < batch.size(); ++i) finish_job(batch[i], transactions[i]);
  } catch (...) {
    guarded_ = guarded_after_a_failure;
    connection_.take_failure();
    connection_.roll_back();
    for (Entry& entry : batch) entry.after_commit.clear();
    return false;
  }
  commit();
  return true;
}

void SqliteWriter::commit() {
  connection_.run("COMMIT");
  ++commits_;
  readers_.announce();
}

void SqliteWriter::run_job(const Operation& operation, SqliteTx& tx) {
  operation.job(tx);
  tx.run_before_commit();
  if (const auto failure = connection_.take_failure()) std::rethrow_exception(failure);
}

void SqliteWriter::finish_job(Entry& entry, SqliteTx& tx) {
  tx.run_just_before_commit();
  entry.after_commit = tx.take_hooks();
}

void SqliteWriter::run_entry(Entry& entry, bool alone) {
  for (int tries = 1; try_entry(entry, alone) && tries < most_tries; ++tries) {
    entry.error = nullptr;
    if (alone) connection_.run("BEGIN IMMEDIATE");
  }
}

// Throws when the failure is the whole batch's.
bool SqliteWriter::try_entry(Entry& entry, bool alone) {
  // What a single statement has done is undone by SQLite when it fails.
  const OneStatement* const one = entry.operation.one;
  const bool savepoint = !alone && (one == nullptr || one->then != nullptr);
  if (savepoint) connection_.run("SAVEPOINT entry");
  bool again = false;
  try {
    SqliteTx tx(connection_, entry.operation.waited());
    run_job(entry.operation, tx);
    finish_job(entry, tx);
    if (savepoint) connection_.run("RELEASE entry");
    return false;
  } catch (const Conflict&) {
    entry.error = std::current_exception();
    again = true;
  } catch (...) {
    entry.error = std::current_exception();
  }
  connection_.take_failure();
  entry.after_commit.clear();
  // A full disk or an I/O error ends SQLite's transaction, and all that ran in it.
  if (!connection_.in_transaction()) {
    if (alone) return false;
    throw Unavailable("the database lost the transaction");
  }
  if (alone) {
    connection_.roll_back();
  } else if (savepoint) {
    connection_.run("ROLLBACK TO entry");
    connection_.run("RELEASE entry");
  }
  return again;
}

void SqliteWriter::finish(Batch& batch) {
  for (Entry& entry : batch) {
    if (entry.error) {
      if (passes(entry.error)) ++failures_;
      continue;
    }
    ++writes_;
    for (const auto& hook : entry.after_commit) hook();
  }
  for (Entry& entry : batch) entry.operation.done(std::move(entry.error));
}

void SqliteWriter::checkpoint() {
  if (log_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;  // the log has started over
  if (log_pages_ - checkpointed_pages_ < checkpoint_pages) return;
  checkpointed_pages_ = log_pages_;
  // When all readers are at the newest snapshot, all of the log can be copied; and once they have
  // let go of it again, the next commit starts the log over. A failure is the next one's.
  readers_.settle();
  sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
  readers_.announce();
  readers_.settle();
}

}  // namespace latchkey::db
