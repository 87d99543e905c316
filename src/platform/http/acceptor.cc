#include "platform/http/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace latchkey::http {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>{});

// How many connections are taken before other work has its turn.
constexpr int kBatch = 64;
// The pause when descriptors or memory ran out: without it the loop would spin.
constexpr std::chrono::milliseconds kPause{100};

bool ran_out(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(Worker& home, FileDescriptor socket, std::vector<Worker*> targets)
    : home_(home), socket_(home.io()), pause_(home.io()), targets_(std::move(targets)) {
  if (targets_.empty()) targets_.push_back(&home_);
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size);
  socket_.assign({name.ss_family, 0}, socket.get());
  socket.release();
}

void Acceptor::start() { asio::co_spawn(home_.io(), run(), asio::detached); }

void Acceptor::close() {
  boost::system::error_code ignored;
  while (accept_waiting() == Outcome::more) {
  }
  socket_.close(ignored);
  pause_.cancel();
}

Task<void> Acceptor::run() {
  while (socket_.is_open()) {
    const auto [error] = co_await socket_.async_wait(socket_.wait_read, kAwait);
    if (error) co_return;
    if (accept_waiting() == Outcome::exhausted) {
      pause_.expires_after(kPause);
      co_await pause_.async_wait(kAwait);
    }
  }
}

Acceptor::Outcome Acceptor::accept_waiting() {
  for (int i = 0; i < kBatch; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    FileDescriptor fd(::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) return ran_out(errno) ? Outcome::exhausted : Outcome::drained;
    Shared& shared = home_.shared();
    shared.accepted.fetch_add(1, std::memory_order_relaxed);
    if (!shared.enter(describe_peer(peer))) {
      shared.refused.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (peer.ss_family != AF_UNIX) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    targets_[next_++ % targets_.size()]->adopt(std::move(fd), peer);
  }
  return Outcome::more;
}

}  // namespace latchkey::http
