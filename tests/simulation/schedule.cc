#include "simulation/schedule.h"

#include <algorithm>
#include <utility>

namespace latchkey::simulation {

void Schedule::after(Moment span, Action action) {
  heap_.push_back({now_ + std::max(span, Moment{0}), said_++, std::move(action)});
  std::ranges::push_heap(heap_, later);
}

bool Schedule::step(Moment until) {
  if (heap_.empty() || heap_.front().at > until) return false;
  std::ranges::pop_heap(heap_, later);
  Event event = std::move(heap_.back());
  heap_.pop_back();
  now_ = std::max(now_, event.at);
  show_time(now_);
  ++steps_;
  event.action();
  return true;
}

void Schedule::run(Moment until) {
  while (step(until)) {
  }
  now_ = std::max(now_, until);
  show_time(now_);
}

}  // namespace latchkey::simulation
