#pragma once

#include <atomic>
#include <cstdint>

#include "platform/time.h"

namespace latchkey {

// Makes 63-bit ids: 42 bits of milliseconds since the epoch (until the year 2109), 21 random
// bits. The clock in them never runs back, so that rows cluster in time and a session's id says
// when it began even after the wall clock was set back. Safe to call from several threads.
class IdSource {
 public:
  // Never makes an id from before `floor`: the newest heartbeat found at start.
  void raise(Time floor);

  // A new id. Collides with another of the same millisecond once in two million: the caller
  // inserts with ON CONFLICT and asks again.
  template <class Id>
  Id next(Time now) {
    return Id{next_number(now)};
  }

  // The same with the low bits of another id instead of random ones: a thing's id leads to what it
  // belongs to. Never twice the same of one source.
  template <class Id, class Owner>
  Id next_of(Time now, Owner owner) {
    raise(now);
    return Id{((newest_.fetch_add(1) + 1) << kRandomBits) | low_bits(owner)};
  }

  template <class Id>
  static std::int64_t low_bits(Id id) {
    return static_cast<std::int64_t>(id) & ((std::int64_t{1} << kRandomBits) - 1);
  }

  // The moment of the newest id, or `now` if that is later.
  Time clock(Time now) const;

  // When the thing with this id began.
  template <class Id>
  static Time born(Id id) {
    return from_millis(static_cast<std::int64_t>(id) >> kRandomBits);
  }

 private:
  static constexpr int kRandomBits = 21;

  std::int64_t next_number(Time now);

  std::atomic<std::int64_t> newest_{0};
};

}  // namespace latchkey
