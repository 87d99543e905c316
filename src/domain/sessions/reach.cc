#include "domain/sessions/reach.h"

namespace latchkey::sessions {

Reach::Turn Reach::turn(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (reached_at_ && now - *reached_at_ < kBelieved) return Turn::ask;
  if (probing_since_) return now - *probing_since_ < kBudget ? Turn::wait : Turn::refuse;
  if (missed_at_ && now - *missed_at_ < kBelieved) return Turn::refuse;
  probing_since_ = now;
  return Turn::probe;
}

void Reach::answered(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (probing_since_ && now - *probing_since_ < kBudget) {
    reached_at_ = now;
    missed_at_.reset();
  } else {
    not_reached(now);
  }
  probing_since_.reset();
}

void Reach::failed(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  not_reached(now);
  probing_since_.reset();
}

void Reach::connected(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  reached_at_ = now;
  missed_at_.reset();
}

void Reach::not_reached(Clock::time_point now) {
  if (reached_at_ && probing_since_ && *probing_since_ <= *reached_at_) return;
  reached_at_.reset();
  missed_at_ = now;
}

}  // namespace latchkey::sessions
