#include "platform/db/outage.h"

namespace latchkey::db {

void Outage::lost(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  ++lost_;
  say(reason);
}

void Outage::goes_on(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  say(reason);
}

void Outage::over() {
  const std::lock_guard lock(mutex_);
  if (--lost_ > 0) return;
  said_.clear();
  report_("the database is connected again");
}

bool Outage::under_way() const {
  const std::lock_guard lock(mutex_);
  return lost_ > 0;
}

void Outage::say(std::string_view reason) {
  if (said_ == reason) return;
  said_ = reason;
  report_("the database is away: " + said_);
}

}  // namespace latchkey::db
