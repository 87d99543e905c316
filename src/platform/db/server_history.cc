#include "platform/db/server_history.h"

namespace latchkey::db {

bool ServerHistory::admits(const ServerIdentity& identity) {
  if (identity.system.empty() || identity.timeline.empty()) return true;
  const std::lock_guard lock(mutex_);
  // Hexadecimal digits of a fixed length: their order is that of the numbers.
  std::string& newest = newest_[identity.system];
  if (identity.timeline < newest) return false;
  newest = identity.timeline;
  return true;
}

void ServerHistory::serves(std::string_view run) {
  const std::lock_guard lock(mutex_);
  serving_ = run;
}

bool ServerHistory::is_serving(std::string_view run) const {
  const std::lock_guard lock(mutex_);
  return serving_ == run;
}

}  // namespace latchkey::db
