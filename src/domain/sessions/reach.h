#pragma once

#include <chrono>
#include <mutex>
#include <optional>

namespace latchkey::sessions {

// Whether the database answers, asked while this node does not hear the others: then nothing is
// answered from memory, but a row may be asked, if that does not mean waiting for a database that
// is away (docs/decisions/0006-silence-is-503.md). One request probes for all, the others wait for
// it a moment; a database that has answered is believed for a moment, and so is one that has not.
// Whatever else it answers meanwhile counts for more than what a probe found before.
class Reach {
 public:
  using Clock = std::chrono::steady_clock;

  // How long a request waits for a probe: from then on everybody is refused at once, until the
  // probe has ended.
  static constexpr std::chrono::milliseconds kBudget{1000};
  static constexpr std::chrono::milliseconds kBelieved{500};

  enum class Turn { ask, probe, wait, refuse };

  // What a request does now. After `probe` it has to start one, and then to wait as others do.
  Turn turn(Clock::time_point now);
  // How the probe ended. An answer past the budget counts as none.
  void answered(Clock::time_point now);
  void failed(Clock::time_point now);
  // It has answered without having been probed: a connection was made.
  void connected(Clock::time_point now);

 private:
  // A probe found none, unless the database was reached since it began.
  void not_reached(Clock::time_point now);

  std::mutex mutex_;
  std::optional<Clock::time_point> probing_since_;
  // The newest of the two counts; the other one is absent.
  std::optional<Clock::time_point> reached_at_;
  std::optional<Clock::time_point> missed_at_;
};

}  // namespace latchkey::sessions
