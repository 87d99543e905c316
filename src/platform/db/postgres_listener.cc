#include "platform/db/postgres_listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

#include "platform/crypto/random.h"

namespace latchkey::db {
namespace {

constexpr std::chrono::milliseconds echo_interval{500};
// A connection whose echo does not come back for so long is given up.
constexpr std::chrono::seconds longest_silence{2};
constexpr Duration reconnect_pause{200};

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

PostgresListener::PostgresListener(std::string url, const Options& options, std::string channel,
                                   ListenerHooks hooks)
    : url_(std::move(url)),
      options_(options),
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
  auto session = std::make_unique<PostgresSession>(url_, options_);
  // An echo need not survive a crash, so it waits for no disk.
  session->execute("SET synchronous_commit = off; LISTEN " + channel_ + "; LISTEN " +
                   echo_channel_);
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
      serve(*session);
    } catch (const std::exception&) {
      pause = reconnect_pause;  // until connected anew, last_heard() tells
    }
    session.reset();
    {
      const std::lock_guard lock(mutex_);
      set_stale();
      if (stopping_) return;
    }
    wake_->wait(Clock::now() + pause, -1);
  }
}

void PostgresListener::serve(PostgresSession& session) {
  auto next_echo = Clock::now();
  const auto since = next_echo;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || distrusted_) return;
    }
    const auto now = Clock::now();
    if (now - std::max(last_heard(), since) > longest_silence) {
      throw ConnectionLost("the database's notifications do not arrive");
    }
    if (now >= next_echo) {
      next_echo = now + echo_interval;
      session.execute("SELECT pg_notify('" + echo_channel_ + "', '" +
                      std::to_string(now.time_since_epoch().count()) + "')");
    }
    hear(session);
    wake_->wait(next_echo, session.socket());
    if (!PQconsumeInput(session.handle())) session.fail_connection();
    hear(session);
  }
}

void PostgresListener::hear(PostgresSession& session) {
  for (;;) {
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> heard(PQnotifies(session.handle()),
                                                                &PQfreemem);
    if (!heard) return;
    if (heard->relname == channel_) {
      if (hooks_.on_message) hooks_.on_message(heard->extra);
    } else if (heard->relname == echo_channel_) {
      echoed(heard->extra);
    }
  }
}

void PostgresListener::echoed(std::string_view sent_at) {
  Clock::rep at = 0;
  std::from_chars(sent_at.data(), sent_at.data() + sent_at.size(), at);
  const std::lock_guard lock(mutex_);
  if (!distrusted_) last_heard_.store(at, std::memory_order_release);
}

}  // namespace latchkey::db
