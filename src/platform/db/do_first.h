#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "platform/task.h"

namespace latchkey::db {

// Thrown inside Database::write by whoever finds that something outside of the database has to be
// done before this write may be committed: a homeserver has to know a device before its session
// begins. That is found out in the transaction, where everything is decided and nobody can wait; so
// all of it is taken back, the work is done with no transaction open, and the write begins again.
//
//   write ── DoFirst ── rolled back ── work ── write ── commit
//
// Writes that block (write_now) cannot wait for work either: they let it pass.
class DoFirst : public std::exception {
 public:
  // Held until the write is over, committed or not: who did the work learns when that is.
  using Held = std::shared_ptr<void>;
  using Work = std::function<Task<Held>()>;

  explicit DoFirst(Work work) : work_(std::move(work)) {}

  const char* what() const noexcept override {
    return "something has to be done before this write";
  }
  const Work& work() const { return work_; }

 private:
  Work work_;
};

}  // namespace latchkey::db
