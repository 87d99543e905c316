#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "platform/db/database.h"

namespace latchkey {

// How much is cleared away: a few rows in each transaction, so that a sign-in or a refresh waits
// for no more than that, and as long as it is this node's to do.
class Batches {
 public:
  static constexpr std::int64_t kSize = 500;

  Batches() = default;
  // Asked before each batch.
  explicit Batches(std::function<bool()> go_on) : go_on_(std::move(go_on)) {}

  bool go_on() const { return !go_on_ || go_on_(); }

  // `remove(tx, limit)` removes at most that many rows and returns how many they were; called until
  // nothing is left.
  template <class Remove>
  void run(db::Database& db, Remove remove) const {
    std::int64_t removed = kSize;
    while (removed >= kSize && go_on()) {
      removed = db.write_now([&](db::Tx& tx) -> std::int64_t { return remove(tx, kSize); });
      removed_ += removed;
    }
  }
  // For those who count by themselves.
  void count(std::int64_t removed) const { removed_ += removed; }
  std::int64_t removed() const { return removed_; }

 private:
  std::function<bool()> go_on_;
  mutable std::int64_t removed_ = 0;
};

}  // namespace latchkey
