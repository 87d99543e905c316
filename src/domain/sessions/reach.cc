#include "domain/sessions/reach.h"

namespace latchkey::sessions {

Reach::Turn Reach::turn(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (probing_since_) return now - *probing_since_ < kBudget ? Turn::wait : Turn::refuse;
  if (ended_at_ && now - *ended_at_ < kBelieved) return reached_ ? Turn::ask : Turn::refuse;
  probing_since_ = now;
  return Turn::probe;
}

void Reach::answered(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  reached_ = probing_since_ && now - *probing_since_ < kBudget;
  ended_at_ = now;
  probing_since_.reset();
}

void Reach::failed(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  reached_ = false;
  ended_at_ = now;
  probing_since_.reset();
}

}  // namespace latchkey::sessions
