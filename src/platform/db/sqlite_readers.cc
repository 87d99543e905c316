#include "platform/db/sqlite_readers.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

namespace latchkey::db {

// The reader of this thread, or the next free one.
class SqliteReaders::Hold {
 public:
  explicit Hold(std::array<Reader, count>& readers) {
    const std::size_t first = std::hash<std::thread::id>{}(std::this_thread::get_id());
    for (std::size_t i = first;; ++i) {
      reader_ = &readers[i % count];
      if (try_take(*reader_)) return;
      if (i - first >= count) std::this_thread::yield();
    }
  }
  ~Hold() { reader_->busy.store(false, std::memory_order_release); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  Reader* operator->() const { return reader_; }
  Reader& operator*() const { return *reader_; }

  static bool try_take(Reader& reader) {
    return !reader.busy.load(std::memory_order_relaxed) &&
           !reader.busy.exchange(true, std::memory_order_acquire);
  }

 private:
  Reader* reader_;
};

void SqliteReaders::run(Job job) {
  const Hold reader(readers_);
  if (!reader->connection) {
    reader->connection = std::make_unique<SqliteConnection>(path_, SqliteConnection::Mode::read);
  }
  reader->reads.store(reader->reads.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // The version is read before the snapshot is taken: it may be newer than its number, never
  // older.
  const std::uint64_t version = version_.load(std::memory_order_acquire);
  const Clock::time_point now = Clock::now();
  if (reader->in_snapshot && (reader->version != version || now - reader->since > maximum_age)) {
    end_snapshot(*reader);
  }
  if (!reader->in_snapshot) begin_snapshot(*reader, version, now);
  ++reader->served;
  try {
    SqliteTx tx(*reader->connection);
    job(tx);
    if (const auto failure = reader->connection->take_failure()) std::rethrow_exception(failure);
  } catch (...) {
    reader->connection->take_failure();
    reader->connection->roll_back();
    reader->in_snapshot = false;
    throw;
  }
}

void SqliteReaders::announce() {
  version_.fetch_add(1);
  for (Reader& reader : readers_) {
    // A reader at work looks at the version when it comes next.
    if (!Hold::try_take(reader)) continue;
    if (reader.in_snapshot) end_snapshot(reader);
    reader.busy.store(false, std::memory_order_release);
  }
}

void SqliteReaders::settle() {
  const Clock::time_point deadline = Clock::now() + settling_time;
  for (Reader& reader : readers_) {
    while (!Hold::try_take(reader)) {
      if (Clock::now() > deadline) return;
      std::this_thread::yield();
    }
    if (reader.in_snapshot && reader.version != version_.load()) end_snapshot(reader);
    reader.busy.store(false, std::memory_order_release);
  }
}

std::uint64_t SqliteReaders::reads() const {
  std::uint64_t sum = 0;
  for (const Reader& reader : readers_) sum += reader.reads.load(std::memory_order_relaxed);
  return sum;
}

void SqliteReaders::close() {
  for (Reader& reader : readers_) {
    reader.connection.reset();
    reader.in_snapshot = false;
  }
}

void SqliteReaders::begin_snapshot(Reader& reader, std::uint64_t version, Clock::time_point now) {
  choose_mapping(reader, reader.version != version);
  reader.connection->run("BEGIN");
  reader.in_snapshot = true;
  reader.version = version;
  reader.since = now;
}

// Where nobody writes, what was served so far counts: the next commit may be long in coming.
void SqliteReaders::choose_mapping(Reader& reader, bool committed) {
  if (committed) {
    reader.usually = (3 * reader.usually + std::exchange(reader.served, 0)) / 4;
  }
  const std::uint64_t expected = std::max(reader.usually, reader.served);
  const bool wanted = expected >= (reader.mapped ? few_for_a_mapping : many_for_a_mapping);
  if (wanted == reader.mapped) return;
  reader.connection->map_file(wanted);
  reader.mapped = wanted;
}

void SqliteReaders::end_snapshot(Reader& reader) {
  reader.in_snapshot = false;
  try {
    reader.connection->run("COMMIT");  // kept prepared, unlike roll_back()
  } catch (const std::exception&) {
    reader.connection->take_failure();
    reader.connection->roll_back();
  }
}

}  // namespace latchkey::db
