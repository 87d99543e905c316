#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace latchkey::db {

// Whether it pays to wait a little for others before a commit, which costs about the same for one
// write as for many. Clients that were answered by the last commit and come back at once would
// otherwise share commits of twos and threes: each takes what happens to wait when the one before
// is done.
//
// Pure: whoever commits says what waited and how long it took.
class Gathering {
 public:
  using Span = std::chrono::microseconds;

  explicit constexpr Gathering(std::size_t largest) : largest_(largest) {}

  // How many writes are worth waiting for, and how long. A client that is alone waits for nobody.
  struct Plan {
    std::size_t count = 1;
    Span patience{0};
  };
  constexpr Plan plan(std::size_t waiting) const {
    if (skipping_ > 0 || waiting >= about_) return {.count = waiting};
    // Longer than a commit takes would never pay.
    return {.count = about_, .patience = std::min(commit_, longest)};
  }

  // What came of the wait. Who waits in vain stops trying for a while: most will not come back, as
  // when each client sends one request and goes.
  constexpr void waited(const Plan& plan, std::size_t before, std::size_t after) {
    if (plan.count <= before) return;
    if ((after - before) * 2 < plan.count - before) skipping_ = pause;
  }

  // A commit of `count` writes took so long, and `waiting` have come meanwhile.
  constexpr void committed(std::size_t count, std::size_t waiting, Span took) {
    about_ = std::min(count + waiting, largest_);
    commit_ = (3 * commit_ + took) / 4;
    if (skipping_ > 0) --skipping_;
  }

 private:
  static constexpr Span longest{500};
  static constexpr int pause = 16;  // commits

  std::size_t largest_;
  std::size_t about_ = 1;  // writers who seem to be there
  Span commit_{0};         // the usual duration, by a moving average
  int skipping_ = 0;
};

}  // namespace latchkey::db
