#include "platform/http/worker.h"

#include <malloc.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <string>
#include <utility>

#include "platform/http/acceptor.h"
#include "platform/http/connection.h"

namespace latchkey::http {
namespace {

namespace asio = boost::asio;

// Deadlines are late by a quarter of the shortest timeout at most.
Duration sweep_interval(const Limits& limits) {
  const Duration shortest = std::min({limits.first_byte_timeout, limits.request_timeout,
                                      limits.idle_timeout, limits.write_timeout});
  return std::clamp(shortest / 4, Duration{5}, Duration{1000});
}

void write_hex(std::span<char, 8> out, std::uint32_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[out.size() - 1 - i] = kDigits[number & 0xf];
    number >>= 4;
  }
}

}  // namespace

SteadyTime coarse_now() {
  std::timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return SteadyTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Shared::Shared(ServerOptions given, const Router& routes, Hooks callbacks)
    : options(std::move(given)),
      router(routes),
      hooks(std::move(callbacks)),
      proxies(options.trusted_proxies) {}

std::optional<text::IpBytes> Shared::share_of(const Peer& peer) const {
  if (!peer.bytes || proxies.trusts(peer)) return std::nullopt;
  text::IpBytes share = *peer.bytes;
  const auto mapped = text::IpBytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!std::equal(mapped.begin(), mapped.begin() + 12, share.begin())) {
    std::fill(share.begin() + 8, share.end(), std::uint8_t{0});
  }
  return share;
}

bool Shared::enter(const Peer& peer) {
  if (const auto share = share_of(peer)) {
    const std::scoped_lock lock(shares_mutex_);
    std::size_t& open = shares_[*share];
    if (open >= options.limits.max_connections_per_address) return false;
    ++open;
  }
  const std::size_t before = connections.fetch_add(1);
  if (before >= options.limits.max_connections) {
    leave(peer);
    return false;
  }
  ebb_.rose(before + 1);
  return true;
}

void Shared::leave(const Peer& peer) {
  if (const auto share = share_of(peer)) {
    const std::scoped_lock lock(shares_mutex_);
    const auto found = shares_.find(*share);
    if (found != shares_.end() && --found->second == 0) shares_.erase(found);
  }
  leave();
}

void Shared::trim_memory() {
  if (ebb_.gives_back(connections.load())) ::malloc_trim(0);
}

void Shared::leave() {
  if (connections.fetch_sub(1) != 1) return;
  // The lock makes sure that a waiter has either seen the zero or is woken by it.
  const std::lock_guard lock(mutex_);
  empty_.notify_all();
}

bool Shared::wait_empty(Duration limit) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, limit, [this] { return connections.load() == 0; });
}

Worker::Worker(std::size_t index, Shared& shared)
    : index_(index),
      shared_(shared),
      sweep_interval_(sweep_interval(shared.options.limits)),
      id_prefix_(std::random_device{}()) {}

Worker::~Worker() {
  stop();
  abandon_connections();
}

void Worker::listen(FileDescriptor socket, std::vector<Worker*> targets) {
  acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(socket), std::move(targets)));
}

void Worker::start() {
  poller_.start();
  for (const auto& acceptor : acceptors_) acceptor->start();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("http-" + std::to_string(index_)).c_str());
    const auto guard = asio::make_work_guard(io_);
    io_.run();
  });
}

void Worker::adopt(FileDescriptor socket, const sockaddr_storage& peer) {
  asio::dispatch(
      io_, [this, socket = std::move(socket), peer]() mutable { admit(std::move(socket), peer); });
}

void Worker::admit(FileDescriptor socket, const sockaddr_storage& peer) {
  try {
    connections_.emplace_front(*this, std::move(socket), peer);
  } catch (...) {
    // No memory, or no room in epoll: this client is turned away.
    return shared_.leave(describe_peer(peer));
  }
  connections_.front().set_place(connections_.begin());
  if (!std::exchange(sweeping_, true)) arm_sweep();
  if (draining_) connections_.front().begin_drain();
}

void Worker::remove(std::list<Connection>::iterator connection) { connections_.erase(connection); }

// The function may remove the connection it is given.
template <class Function>
void Worker::for_each_connection(Function function) {
  for (auto next = connections_.begin(); next != connections_.end();) function(*next++);
}

void Worker::close_after_answers() {
  asio::post(io_, [this] { keeps_connections_ = false; });
}

void Worker::begin_drain() {
  // Counts as a connection until it is done, so that nobody finds the server empty before
  // what waits at the acceptors has been taken in.
  shared_.connections.fetch_add(1);
  asio::post(io_, [this] {
    draining_ = true;
    keeps_connections_ = false;
    for (const auto& acceptor : acceptors_) acceptor->close();
    for_each_connection([](Connection& connection) { connection.begin_drain(); });
    shared_.leave();
  });
}

void Worker::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::abandon_connections() {
  for_each_connection([](Connection& connection) { connection.abandon(); });
}

void Worker::write_request_id(std::span<char, kRequestIdSize> out) {
  write_hex(out.first<8>(), id_prefix_);
  write_hex(out.last<8>(), ++request_count_);
}

void Worker::arm_sweep() {
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) sweep();
  });
}

// The timer rests while there are no connections, so that an idle server does not wake up.
void Worker::sweep() {
  const SteadyTime now = coarse_now();
  for_each_connection([now](Connection& connection) { connection.check_deadline(now); });
  shared_.trim_memory();
  sweeping_ = !connections_.empty();
  if (sweeping_) arm_sweep();
}

}  // namespace latchkey::http
