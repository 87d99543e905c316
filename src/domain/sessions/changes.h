#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "domain/sessions/record.h"

namespace latchkey::sessions {

// Which sessions and accounts changed since when: how a write makes every thread's cache forget
// without a lock. Changes are counted; a slot holds the number of the newest change that fell
// into it. A cached row carries the count from before it was read (its ticket), so it is stale
// exactly when one of its slots holds a later number. Two ids in one slot cost a read, no more.
class Changes {
 public:
  using Ticket = std::uint64_t;

  // Taken before the row is read: a change between the two must not be missed.
  Ticket ticket() const { return count_.load(std::memory_order_acquire); }

  // After the commit, before the answer.
  void session_changed(SessionId id);
  void account_changed(UserId id);
  void everything_changed();

  bool fresh(Ticket ticket, SessionId session, UserId account) const {
    return all_.load(std::memory_order_acquire) <= ticket &&
           slot(sessions_, session).load(std::memory_order_acquire) <= ticket &&
           slot(accounts_, account).load(std::memory_order_acquire) <= ticket;
  }

 private:
  static constexpr std::size_t kSlots = std::size_t{1} << 15;
  using Slots = std::array<std::atomic<Ticket>, kSlots>;

  template <class Id>
  static std::size_t index(Id id);
  template <class Id>
  static const std::atomic<Ticket>& slot(const Slots& slots, Id id) {
    return slots[index(id)];
  }
  template <class Id>
  void mark(Slots& slots, Id id);

  std::atomic<Ticket> count_{1};
  std::atomic<Ticket> all_{0};
  Slots sessions_{};
  Slots accounts_{};
};

template <class Id>
std::size_t Changes::index(Id id) {
  // Fibonacci hashing: the low bits of an id are random, its high bits are time.
  return (static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15U) >> (64 - 15);
}

}  // namespace latchkey::sessions
