#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "platform/db/listener.h"
#include "platform/db/postgres_session.h"

namespace latchkey::db {

// LISTEN on a connection and a thread of its own, straight to the server that the pool is on. Other
// threads may lend a hand (catch_up()).
//
// It sends itself an echo twice a second, on a channel that no other node hears. PostgreSQL
// delivers notifications in the order of their commits, so an echo that came back proves that
// everything committed before it was sent has been heard.
class PostgresListener final : public Listener {
 public:
  // Connects; throws what a PostgresSession throws, and ConnectionLost when the pool is on another
  // server. `channel` is an SQL identifier.
  PostgresListener(std::string url, const Options& options, ServerHistory& history,
                   std::string channel, ListenerHooks hooks);
  ~PostgresListener() override;

  Clock::time_point last_heard() const override {
    return Clock::time_point(Clock::duration(last_heard_.load(std::memory_order_acquire)));
  }

  void catch_up() override;

  // Whether something stands between that may swallow notifications.
  bool pooled() const { return pooled_; }
  // What is notified on this channel with this payload by another connection is a probe; whether
  // the one with this number, or a later one, arrives until then.
  const std::string& probe_channel() const { return echo_channel_; }
  static std::string probe_payload(std::uint64_t number);
  bool probe_arrives(std::uint64_t number, Clock::time_point deadline);

  // The pool has found another server behind the URL than before: what this listener still hears
  // may come from the old one. Stale at once, until connected anew.
  void distrust();

 private:
  class Wake;

  void run(std::unique_ptr<PostgresSession> session);
  std::unique_ptr<PostgresSession> connect();
  // Hears and echoes until the listener is distrusted or stops. Throws when the connection fails.
  void serve();
  // All that can be done without waiting, under session_mutex_. Throws when the connection fails.
  void step();
  void take_echo_result();
  void hear();
  void give_up_session();
  void echoed(std::string_view sent_at);
  void probed(std::string_view number);
  void set_stale();

  const std::string url_;
  const Options options_;
  ServerHistory& history_;
  const std::string channel_;
  const std::string echo_channel_;
  const ListenerHooks hooks_;
  std::atomic<bool> pooled_{false};

  std::mutex session_mutex_;  // of the four below; taken before the other one
  std::unique_ptr<PostgresSession> session_;
  Clock::time_point next_echo_;
  bool echo_unanswered_ = false;  // the statement that sent the newest one
  bool broken_ = false;           // found by another thread

  std::atomic<Clock::rep> last_heard_{0};
  std::mutex mutex_;  // of the three below, and of setting last_heard_
  bool distrusted_ = false;
  bool stopping_ = false;
  std::uint64_t newest_probe_ = 0;
  std::condition_variable probe_arrived_;
  std::unique_ptr<Wake> wake_;
  std::thread thread_;
};

}  // namespace latchkey::db
