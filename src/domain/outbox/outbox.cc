#include "domain/outbox/outbox.h"

#include "domain/outbox/outbox_rows.h"

namespace latchkey::outbox {

void Bell::ring() {
  {
    const std::scoped_lock lock(mutex_);
    ++rings_;
  }
  rung_.notify_all();
}

void Bell::wait(const std::stop_token& stop, Duration time, std::uint64_t& heard) {
  std::unique_lock lock(mutex_);
  rung_.wait_for(lock, stop, time, [&] { return rings_ != heard; });
  heard = rings_;
}

// At the end of the transaction: the lane's row stays locked until the commit, which is what makes
// the order of the ids the order of the commits.
void Outbox::append(db::Tx& tx, NewItem item) {
  Bell& woken = bell(item.consumer);
  std::string lane = "outbox " + item.consumer + '\n' + item.destination + '\n' +
                     std::to_string(static_cast<std::int64_t>(item.user));
  tx.before_commit(std::move(lane), [now = clock_.now(), item = std::move(item)](db::Tx& same) {
    add_item(same, item, now);
  });
  tx.after_commit([&woken] { woken.ring(); });
}

Bell& Outbox::bell(const std::string& consumer) {
  const std::scoped_lock lock(mutex_);
  auto& bell = bells_[consumer];
  if (!bell) bell = std::make_unique<Bell>();
  return *bell;
}

}  // namespace latchkey::outbox
