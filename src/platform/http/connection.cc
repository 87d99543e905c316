#include "platform/http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace latchkey::http {
namespace {

// Closing a socket with unread input makes the kernel reset the connection, and the client may
// lose the answer it has not read. So when more is to be expected after the last answer, it is
// taken and thrown away, for this long and up to this much.
constexpr Duration kGoodbyeTime{1000};
constexpr std::size_t kGoodbyeBytes = 1 << 20;

// How often a client whose input does not end is served before others have their turn.
constexpr int kTurns = 16;

constexpr std::size_t kOutputKept = 16 * 1024;

constexpr std::uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// An edge of readiness is told once: a call that a signal interrupts must be made again.
template <class Call, class... Arguments>
ssize_t uninterrupted(Call call, Arguments... arguments) {
  ssize_t result = 0;
  do {
    result = call(arguments...);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Connection::Connection(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer)
    : worker_(worker),
      shared_(worker.shared()),
      limits_(shared_.options.limits),
      socket_(std::move(socket)),
      peer_(describe_peer(peer)),
      peer_trusted_(shared_.proxies.trusts(peer_)),
      input_(worker_.buffers(),
             std::max({limits_.max_headers, limits_.max_pipelined, RequestParser::kMinBuffer})),
      parser_(limits_, &worker.shared().router) {
  wait(Waiting::for_input, coarse_now() + limits_.first_byte_timeout);
  if (!worker_.poller().add(socket_.get(), *this)) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

// Taken out of the set before it is closed: a copy of the descriptor that a child process
// inherited for a moment would keep it there, pointing at nothing.
Connection::~Connection() {
  if (socket_.get() >= 0) worker_.poller().remove(socket_.get());
  shared_.leave(peer_);
}

void Connection::on_ready(std::uint32_t events) {
  if (events & (EPOLLIN | kHungUp)) readable_ = true;
  if (events & kHungUp) hung_up_ = true;
  guarded([&] {
    switch (waiting_) {
      case Waiting::for_input:
        if (readable_) proceed();
        break;
      case Waiting::for_output:
        if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) proceed();
        break;
      case Waiting::for_goodbye:
        if (!throw_input_away()) end();
        break;
      case Waiting::for_handler:
      case Waiting::for_turn:
        break;
    }
  });
}

// Goes on until something has to be waited for, or the connection has ended.
void Connection::proceed() {
  for (int turn = 0; turn < kTurns; ++turn) {
    switch (send()) {
      case Sent::all:
        break;
      case Sent::some:
        return wait(Waiting::for_output, coarse_now() + limits_.write_timeout);
      case Sent::failed:
        return end();
    }
    switch (next_) {
      case Next::read: {
        const Received received = receive();
        if (received == Received::end) return end();
        if (received == Received::nothing) {
          if (!wait_for_input()) end();
          return;
        }
        break;
      }
      case Next::handle:
        return start_handler();
      case Next::go_on:
        break;
      case Next::close:
        if (!begin_goodbye()) end();
        return;
    }
    next_ = answer_buffered();
  }
  wait_for_turn();
}

void Connection::wait(Waiting waiting, SteadyTime deadline) {
  waiting_ = waiting;
  deadline_ = deadline;
}

void Connection::wait_for_turn() {
  wait(Waiting::for_turn, {});
  boost::asio::post(worker_.io(), [this] { guarded([this] { proceed(); }); });
}

// False when nothing is left to wait for.
bool Connection::wait_for_input() {
  const SteadyTime now = coarse_now();
  if (parser_.begun()) {
    if (request_began_ == SteadyTime{}) request_began_ = now;
    wait(Waiting::for_input, request_began_ + limits_.request_timeout);
    return true;
  }
  if (worker_.draining()) return false;
  parser_.shrink();
  for (std::string* text : {&output_, &response_.body}) {
    if (text->capacity() > kOutputKept) std::string().swap(*text);
  }
  input_.release();
  wait(Waiting::for_input, fresh_ ? deadline_ : now + limits_.idle_timeout);
  return true;
}

Connection::Received Connection::receive() {
  if (!readable_) return Received::nothing;
  const auto space = input_.space();
  const auto size = uninterrupted(::recv, socket_.get(), space.data(), space.size(), MSG_DONTWAIT);
  if (size > 0) {
    const auto count = static_cast<std::size_t>(size);
    input_.commit(count);
    fresh_ = false;
    // A short read has emptied the socket; what comes later is told anew. Only the end of the
    // stream is told once.
    if (count < space.size() && !hung_up_) readable_ = false;
    return Received::bytes;
  }
  if (size == 0 || errno != EAGAIN) return Received::end;
  readable_ = false;
  return Received::nothing;
}

Connection::Sent Connection::send() {
  while (sent_ < output_.size()) {
    const auto size = uninterrupted(::send, socket_.get(), output_.data() + sent_,
                                    output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN ? Sent::some : Sent::failed;
    sent_ += static_cast<std::size_t>(size);
  }
  output_.clear();
  sent_ = 0;
  return Sent::all;
}

// False when there is nothing to wait for.
bool Connection::begin_goodbye() {
  if (!refused_ && input_.empty()) {
    char byte = 0;
    if (::recv(socket_.get(), &byte, sizeof byte, MSG_DONTWAIT | MSG_PEEK) <= 0) return false;
  }
  ::shutdown(socket_.get(), SHUT_WR);
  wait(Waiting::for_goodbye, coarse_now() + kGoodbyeTime);
  return throw_input_away();
}

// False when the client has closed its side too or goes on for too long.
bool Connection::throw_input_away() {
  std::array<char, 16 * 1024> rubbish;
  while (thrown_away_ < kGoodbyeBytes) {
    const auto size =
        uninterrupted(::recv, socket_.get(), rubbish.data(), rubbish.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) return false;
    thrown_away_ += static_cast<std::size_t>(size);
  }
  return false;
}

void Connection::check_deadline(SteadyTime now) {
  if (waiting_ == Waiting::for_handler || waiting_ == Waiting::for_turn || now < deadline_) return;
  if (waiting_ != Waiting::for_input || !parser_.begun()) return end();
  guarded([this] {
    refuse_message(Refusal::timeout);
    next_ = Next::close;
    proceed();
  });
}

// Looks once more for what was sent before the client could know, then ends if idle.
void Connection::begin_drain() {
  if (waiting_ != Waiting::for_input) return;
  readable_ = true;
  guarded([this] { proceed(); });
}

void Connection::abandon() {
  worker_.poller().remove(socket_.get());
  socket_ = FileDescriptor();
}

void Connection::end() { worker_.remove(place_); }

}  // namespace latchkey::http
