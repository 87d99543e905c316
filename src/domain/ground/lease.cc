#include "domain/ground/lease.h"

#include "platform/crypto/random.h"

namespace latchkey {
namespace {

std::int64_t random_holder() {
  std::int64_t number = 0;
  while (number == 0) {
    number = static_cast<std::int64_t>(crypto::random_uint64());
  }
  return number;
}

}  // namespace

Lease::Lease(db::Database& db, std::string name, bool alone, const Times& times)
    : db_(db), name_(std::move(name)), alone_(alone), times_(times) {}

void Lease::keep(Clock::time_point now) {
  if (alone_) return;
  const Holder next = random_holder();
  // From before the statement: what is renewed late is believed shortly.
  if (mine_ != 0 ? renew(next) : take(next, now)) {
    mine_ = next;
    believe_until(now + times_.believed);
  }
}

bool Lease::renew(Holder next) {
  const bool renewed = db_.write_now([&](db::Tx& tx) {
    return tx.run("UPDATE leases SET holder = :next WHERE name = :name AND holder = :mine", next,
                  name_, mine_) == 1;
  });
  if (!renewed) {  // another node has taken it
    mine_ = 0;
    believe_until(Clock::time_point::min());
  }
  return renewed;
}

bool Lease::take(Holder next, Clock::time_point now) {
  const auto row = db_.read_now([&](db::Tx& tx) {
    return tx.one<Holder>("SELECT holder FROM leases WHERE name = :name", name_);
  });
  if (!row) {
    return db_.write_now([&](db::Tx& tx) {
      return tx.run(
                 "INSERT INTO leases (name, holder) VALUES (:name, :next) ON CONFLICT DO NOTHING",
                 name_, next) == 1;
    });
  }
  const Holder holder = std::get<0>(*row);
  if (seen_ != holder) {
    seen_ = holder;
    seen_since_ = now;
  }
  if (now - seen_since_ < times_.lasts) return false;
  return db_.write_now([&](db::Tx& tx) {
    return tx.run("UPDATE leases SET holder = :next WHERE name = :name AND holder = :seen", next,
                  name_, holder) == 1;
  });
}

void Lease::give_up() {
  believe_until(Clock::time_point::min());
  if (alone_ || mine_ == 0) return;
  db_.write_now([&](db::Tx& tx) {
    tx.run("DELETE FROM leases WHERE name = :name AND holder = :mine", name_, mine_);
  });
  mine_ = 0;
}

void Lease::forget_all(db::Tx& tx) { tx.run("DELETE FROM leases"); }

bool Lease::held(Clock::time_point now) const {
  return alone_ || now.time_since_epoch().count() < believed_until_.load(std::memory_order_relaxed);
}

void Lease::believe_until(Clock::time_point until) {
  believed_until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace latchkey
