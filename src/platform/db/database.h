#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "platform/db/tx.h"
#include "platform/task.h"
#include "platform/time.h"

// The database, behind one interface for SQLite and PostgreSQL (design: storage).
namespace latchkey::db {

// A fault that passes: the database is away, its queue is full, or it is shutting down.
// Becomes 503 with Retry-After.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string url;                   // sqlite:///path/file.db or postgresql://…
  std::size_t pool_size = 8;         // PostgreSQL connections (and threads)
  std::size_t max_queue = 10'000;    // waiting operations; past it Unavailable
  Duration connect_timeout{5'000};
};

class Database {
 public:
  virtual ~Database() = default;

  // Runs fn(Tx&) in a read transaction and returns what it returns. On SQLite in place, on
  // PostgreSQL on a database thread; resumes on the caller's executor.
  template <class Fn>
  Task<std::invoke_result_t<Fn&, Tx&>> read(Fn fn);

  // Runs fn(Tx&) in a write transaction; durable when it returns. An exception from fn rolls
  // back fn's changes alone and is rethrown here. fn may run more than once (a serialization
  // failure, a lost connection before commit), so it must touch nothing but its Tx and values
  // it sets afresh each time.
  template <class Fn>
  Task<std::invoke_result_t<Fn&, Tx&>> write(Fn fn);

  // The same, blocking: for start-up, the command line and housekeeping threads.
  template <class Fn>
  std::invoke_result_t<Fn&, Tx&> read_now(Fn fn);
  template <class Fn>
  std::invoke_result_t<Fn&, Tx&> write_now(Fn fn);
};

}  // namespace latchkey::db
