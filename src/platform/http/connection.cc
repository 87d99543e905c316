#include "platform/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace latchkey::http {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>{});

// Closing a socket with unread input makes the kernel reset the connection, and the client may
// lose the answer it has not read. So when more is to be expected after the last answer, it is
// taken and thrown away, for this long and up to this much.
constexpr Duration kGoodbyeTime{1000};
constexpr std::size_t kGoodbyeBytes = 1 << 20;

constexpr std::size_t kOutputKept = 16 * 1024;

}  // namespace

void Connection::start(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer) {
  std::unique_ptr<Connection> connection;
  try {
    connection = std::make_unique<Connection>(worker, std::move(socket), peer);
  } catch (...) {
    // No memory, or no room in epoll: this client is turned away.
    return worker.shared().leave();
  }
  asio::co_spawn(worker.io(), run(std::move(connection)), asio::detached);
}

Connection::Connection(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer)
    : worker_(worker),
      shared_(worker.shared()),
      limits_(shared_.options.limits),
      socket_(worker.io(), {peer.ss_family, 0}, socket.get()),
      peer_(describe_peer(peer)),
      peer_trusted_(shared_.proxies.trusts(peer_)),
      input_(std::max({limits_.max_headers, limits_.max_pipelined, RequestParser::kMinBuffer})),
      parser_(limits_) {
  socket.release();
  deadline_ = coarse_now() + limits_.first_byte_timeout;
  worker_.enlist(*this);
}

Connection::~Connection() {
  worker_.delist(*this);
  boost::system::error_code ignored;
  socket_.close(ignored);
  shared_.leave();
}

Task<void> Connection::run(std::unique_ptr<Connection> self) { co_await self->serve(); }

Task<void> Connection::serve() {
  while (true) {
    Next next = answer_buffered();
    if (!send_now() && !co_await send_rest()) co_return;
    if (next == Next::read) next = prepare_read();
    switch (next) {
      case Next::read: {
        const auto space = input_.space();
        const auto [error, size] =
            co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), kAwait);
        if (!received(error, size)) co_return;
        break;
      }
      case Next::handle:
        co_await handle();
        break;
      case Next::go_on:
        break;
      case Next::close:
        if (closing_) co_await say_goodbye();
        co_return;
    }
  }
}

void Connection::wait_for(Waiting waiting, SteadyTime deadline) {
  waiting_ = waiting;
  deadline_ = deadline;
  timed_out_ = false;
}

Connection::Next Connection::prepare_read() {
  const SteadyTime now = coarse_now();
  if (parser_.begun()) {
    if (request_began_ == SteadyTime{}) request_began_ = now;
    wait_for(Waiting::input, request_began_ + limits_.request_timeout);
  } else {
    if (worker_.draining()) return receive_at_once();
    input_.shrink();
    parser_.shrink();
    if (output_.capacity() > kOutputKept) std::string().swap(output_);
    wait_for(Waiting::input, fresh_ ? deadline_ : now + limits_.idle_timeout);
  }
  return Next::read;
}

// While draining: what the client sent before it could know is still answered.
Connection::Next Connection::receive_at_once() {
  const auto space = input_.space();
  const auto size = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
  if (size <= 0) return Next::close;
  return received({}, static_cast<std::size_t>(size)) ? Next::go_on : Next::close;
}

// Returns whether to go on.
bool Connection::received(const boost::system::error_code& error, std::size_t size) {
  waiting_ = Waiting::nothing;
  if (!error && size > 0) {
    input_.commit(size);
    fresh_ = false;
    return true;
  }
  if (error != asio::error::operation_aborted) return false;  // the client is gone
  if (!timed_out_) return true;                               // draining
  if (!parser_.begun()) return false;
  refuse_message(Refusal::timeout);
  return true;
}

// Tries to send at once; true when nothing is left. Errors show in send_rest().
bool Connection::send_now() {
  if (output_.empty()) return true;
  const auto sent =
      ::send(socket_.native_handle(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) sent_ = static_cast<std::size_t>(sent);
  if (sent_ < output_.size()) return false;
  output_.clear();
  sent_ = 0;
  return true;
}

Task<bool> Connection::send_rest() {
  while (sent_ < output_.size()) {
    wait_for(Waiting::output, coarse_now() + limits_.write_timeout);
    const auto [error, sent] = co_await socket_.async_write_some(
        asio::buffer(output_.data() + sent_, output_.size() - sent_), kAwait);
    waiting_ = Waiting::nothing;
    if (error) co_return false;
    sent_ += sent;
  }
  output_.clear();
  sent_ = 0;
  co_return true;
}

bool Connection::unread_input() {
  char byte = 0;
  return !input_.empty() ||
         ::recv(socket_.native_handle(), &byte, sizeof byte, MSG_DONTWAIT | MSG_PEEK) > 0;
}

Task<void> Connection::say_goodbye() {
  boost::system::error_code failed;
  socket_.shutdown(Socket::shutdown_send, failed);
  if (failed || (!refused_ && !unread_input())) co_return;
  wait_for(Waiting::goodbye, coarse_now() + kGoodbyeTime);
  std::array<char, 4096> thrown_away;
  for (std::size_t taken = 0; taken < kGoodbyeBytes && !timed_out_;) {
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(thrown_away), kAwait);
    if (error) co_return;
    taken += size;
  }
}

void Connection::check_deadline(SteadyTime now) {
  if (waiting_ == Waiting::nothing || now < deadline_) return;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::begin_drain() {
  if (waiting_ != Waiting::input || parser_.begun()) return;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::abandon() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace latchkey::http
