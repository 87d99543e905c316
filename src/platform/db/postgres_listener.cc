#include "platform/db/postgres_listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "platform/crypto/random.h"

namespace latchkey::db {
namespace {

constexpr std::chrono::milliseconds echo_interval{500};
// A connection whose echo does not come back for so long is given up. Longer than its listener is
// believed without one: an echo that is merely late, on a busy machine, makes nobody forget what
// was remembered.
constexpr std::chrono::seconds longest_silence{10};
constexpr std::chrono::milliseconds shortest_wait{20};
constexpr Duration reconnect_pause{200};
constexpr std::string_view probe_mark = "probe ";

}  // namespace

// Ends a poll() of the listener's thread.
class PostgresListener::Wake {
 public:
  Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw Unavailable("no file descriptor for the listener");
  }
  ~Wake() { ::close(fd_); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void raise() const { eventfd_write(fd_, 1); }

  // Waits until `until`, until raised, or until `other` (if not negative) can be read.
  void wait(PostgresListener::Clock::time_point until, int other) const {
    const auto left = std::chrono::ceil<Duration>(until - PostgresListener::Clock::now());
    std::array<pollfd, 2> entries{{{fd_, POLLIN, 0}, {other, POLLIN, 0}}};
    poll(entries.data(), entries.size(),
         static_cast<int>(std::max<Duration::rep>(left.count(), 0)));
    eventfd_t value = 0;
    eventfd_read(fd_, &value);
  }

 private:
  const int fd_;
};

PostgresListener::PostgresListener(std::string url, const Options& options, ServerHistory& history,
                                   std::string channel, ListenerHooks hooks)
    : url_(std::move(url)),
      options_(options),
      history_(history),
      channel_(std::move(channel)),
      echo_channel_(channel_ + "_echo_" + crypto::random_text(crypto::kLowerCaseDigits, 16)),
      hooks_(std::move(hooks)),
      wake_(std::make_unique<Wake>()) {
  thread_ = std::thread([this, session = connect()]() mutable { run(std::move(session)); });
  pthread_setname_np(thread_.native_handle(), "db-listener");
}

PostgresListener::~PostgresListener() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->raise();
  thread_.join();
}

void PostgresListener::distrust() {
  {
    const std::lock_guard lock(mutex_);
    distrusted_ = true;
    set_stale();
  }
  wake_->raise();
}

void PostgresListener::set_stale() { last_heard_.store(0, std::memory_order_release); }

std::unique_ptr<PostgresSession> PostgresListener::connect() {
  auto session = std::make_unique<PostgresSession>(url_, options_, history_);
  if (!history_.is_serving(session->server_run())) {
    throw ConnectionLost(
        "the database that is listened to for other nodes is another than the one that is "
        "written to");
  }
  pooled_ = session->pooled();
  session->execute("LISTEN " + channel_ + "; LISTEN " + echo_channel_);
  return session;
}

void PostgresListener::run(std::unique_ptr<PostgresSession> session) {
  for (;;) {
    Duration pause{0};
    try {
      if (!session) {
        {
          const std::lock_guard lock(mutex_);
          if (stopping_) return;
          distrusted_ = false;
        }
        session = connect();
        if (hooks_.on_reconnect) hooks_.on_reconnect();
      }
      {
        // From now on any thread hears from it.
        const std::lock_guard lock(session_mutex_);
        session_ = std::move(session);
        next_echo_ = Clock::now();
        echo_unanswered_ = broken_ = false;
      }
      serve();
    } catch (const std::exception&) {
      pause = reconnect_pause;  // until connected anew, last_heard() tells
    }
    give_up_session();
    {
      const std::lock_guard lock(mutex_);
      set_stale();
      if (stopping_) return;
    }
    wake_->wait(Clock::now() + pause, -1);
  }
}

void PostgresListener::give_up_session() {
  const std::lock_guard lock(session_mutex_);
  session_.reset();
}

void PostgresListener::serve() {
  const auto since = Clock::now();
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || distrusted_) return;
    }
    Clock::time_point until;
    int socket = -1;
    {
      const std::lock_guard lock(session_mutex_);
      if (broken_) throw ConnectionLost("the connection of the notifications failed");
      step();
      // What is in flight wakes this thread by itself.
      until = std::max(next_echo_, Clock::now() + shortest_wait);
      socket = session_->socket();
    }
    if (Clock::now() - std::max(last_heard(), since) > longest_silence) {
      throw ConnectionLost("the database's notifications do not arrive");
    }
    wake_->wait(until, socket);
  }
}

void PostgresListener::catch_up() {
  const std::unique_lock lock(session_mutex_, std::try_to_lock);
  if (!lock || !session_ || broken_) return;  // somebody does it, or there is nothing to hear from
  try {
    step();
  } catch (const std::exception&) {
    broken_ = true;
    wake_->raise();
  }
}

void PostgresListener::step() {
  if (!PQconsumeInput(session_->handle())) session_->fail_connection();
  take_echo_result();
  hear();
  const auto now = Clock::now();
  if (now >= next_echo_ && !echo_unanswered_) {
    // An echo need not survive a crash, so it waits for no disk and no standby.
    const std::string sql = "SELECT set_config('synchronous_commit', 'off', true), pg_notify('" +
                            echo_channel_ + "', '" +
                            std::to_string(now.time_since_epoch().count()) + "')";
    if (!PQsendQuery(session_->handle(), sql.c_str())) session_->fail_connection();
    next_echo_ = now + echo_interval;
    echo_unanswered_ = true;
  }
  // What the socket does not take at once is sent by the next step.
  if (PQflush(session_->handle()) < 0) session_->fail_connection();
}

void PostgresListener::take_echo_result() {
  while (echo_unanswered_ && !PQisBusy(session_->handle())) {
    const PostgresResult result(PQgetResult(session_->handle()));
    if (result) {
      session_->check(result.get(), "the listener's echo");
    } else {
      echo_unanswered_ = false;
    }
  }
}

void PostgresListener::hear() {
  for (;;) {
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> heard(PQnotifies(session_->handle()),
                                                                &PQfreemem);
    if (!heard) return;
    if (heard->relname == channel_) {
      if (hooks_.on_message) hooks_.on_message(heard->extra);
    } else if (heard->relname == echo_channel_) {
      const std::string_view said = heard->extra;
      said.starts_with(probe_mark) ? probed(said.substr(probe_mark.size())) : echoed(said);
    }
  }
}

std::string PostgresListener::probe_payload(std::uint64_t number) {
  return std::string(probe_mark) + std::to_string(number);
}

void PostgresListener::probed(std::string_view number) {
  std::uint64_t arrived = 0;
  std::from_chars(number.data(), number.data() + number.size(), arrived);
  {
    const std::lock_guard lock(mutex_);
    newest_probe_ = std::max(newest_probe_, arrived);
  }
  probe_arrived_.notify_all();
}

bool PostgresListener::probe_arrives(std::uint64_t number, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return probe_arrived_.wait_until(lock, deadline, [&] { return newest_probe_ >= number; });
}

void PostgresListener::echoed(std::string_view sent_at) {
  Clock::rep at = 0;
  std::from_chars(sent_at.data(), sent_at.data() + sent_at.size(), at);
  const std::lock_guard lock(mutex_);
  if (!distrusted_) last_heard_.store(at, std::memory_order_release);
}

}  // namespace latchkey::db
