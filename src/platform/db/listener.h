#pragma once

#include <chrono>
#include <functional>
#include <string_view>

// What nodes tell each other through the database they share.
namespace latchkey::db {

// Called on the listener's thread, or in catch_up(), one at a time; must not throw and must not
// wait for the database.
struct ListenerHooks {
  std::function<void(std::string_view payload)> on_message;
  // Messages may have been missed: whatever was built on them is void. Called before any message
  // of the new connection, and before last_heard() is fresh again.
  std::function<void()> on_reconnect;
};

class Listener {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Listener() = default;

  // Everything that any node committed with a notify() before this moment has been heard: it is
  // the time at which the newest of this listener's own echoes that came back was sent (twice a
  // second). Clock::time_point{}, long ago, while disconnected; max() on SQLite. Cheap: one load.
  virtual Clock::time_point last_heard() const = 0;

  // Hears what has arrived, and sends the next echo when it is due, on the calling thread. Does not
  // wait. On a machine that is short of processors the listener's own thread may get its turn late;
  // a thread that needs the news has the processor.
  virtual void catch_up() = 0;
};

}  // namespace latchkey::db
