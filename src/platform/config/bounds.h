#pragma once

namespace latchkey::config {

// The values an option takes, both ends included. Compared after conversion to the option's
// own type, so plain numbers do for counts and std::chrono literals for durations.
template <class Lo, class Hi>
struct Between {
  Lo lo;
  Hi hi;
};

template <class Lo, class Hi>
Between(Lo, Hi) -> Between<Lo, Hi>;

}  // namespace latchkey::config
