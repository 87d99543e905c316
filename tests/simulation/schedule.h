#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simulation/pretence.h"

namespace latchkey::simulation {

// What will happen, in the order of its time; of the same moment in the order in which it was said.
class Schedule {
 public:
  using Action = std::move_only_function<void()>;

  Moment now() const { return now_; }
  void after(Moment span, Action action);

  // Does the next thing, if there is one until then, and it is that moment.
  bool step(Moment until);
  // Everything until then; then it is that moment.
  void run(Moment until);

  std::uint64_t steps() const { return steps_; }

 private:
  struct Event {
    Moment at;
    std::uint64_t number;
    Action action;
  };
  static bool later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }

  std::vector<Event> heap_;
  Moment now_{0};
  std::uint64_t said_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace latchkey::simulation
