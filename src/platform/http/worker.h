#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "platform/http/connection_ebb.h"
#include "platform/http/forwarded.h"
#include "platform/http/input.h"
#include "platform/http/listener.h"
#include "platform/http/poller.h"
#include "platform/http/server.h"
#include "platform/http/writer.h"
#include "platform/task.h"

namespace latchkey::http {

class Connection;
class Acceptor;

using SteadyTimer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using SteadyTime = std::chrono::steady_clock::time_point;

inline constexpr std::size_t kRequestIdSize = 16;

// The time, to some milliseconds, for deadlines: reading it costs next to nothing.
SteadyTime coarse_now();

// What all threads of a server share. All but the counters stays as it is after start().
struct Shared {
  Shared(ServerOptions options, const Router& router, Hooks hooks);

  const ServerOptions options;
  const Router& router;
  const Hooks hooks;
  const TrustedProxies proxies;

  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};

  // Counts a connection in; false when there are too many, of all or from that address. One that
  // was counted in leaves with the same peer.
  bool enter(const Peer& peer);
  void leave(const Peer& peer);
  void leave();
  // While many connections go, the memory that they held goes back to the system.
  void trim_memory();
  // Waits until no connection is left; false when that takes longer than `limit`.
  bool wait_empty(Duration limit);

 private:
  // Whose share a connection is of: an IPv4 address, of IPv6 a /64. Absent: nobody's, a trusted
  // proxy or a Unix socket.
  std::optional<text::IpBytes> share_of(const Peer& peer) const;

  std::mutex mutex_;
  std::condition_variable empty_;
  std::mutex shares_mutex_;
  std::map<text::IpBytes, std::size_t> shares_;
  ConnectionEbb ebb_;
};

// One thread with its event loop, its acceptors and its connections. All but the functions
// that say otherwise is for that thread alone.
class Worker {
 public:
  Worker(std::size_t index, Shared& shared);
  ~Worker();

  // From the thread that builds the server, before start(). Accepted sockets go to `targets`
  // in turn; empty means here.
  void listen(FileDescriptor socket, std::vector<Worker*> targets = {});
  void start();

  // From any thread.
  void adopt(FileDescriptor socket, const sockaddr_storage& peer);
  void close_after_answers();
  void begin_drain();
  void stop();  // returns when the thread has ended
  std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }

  // After stop(): closes what a drain left open.
  void abandon_connections();

  std::size_t index() const { return index_; }
  Shared& shared() { return shared_; }
  bool draining() const { return draining_; }
  // Whether an answer is the last of its connection.
  bool keeps_connections() const { return keeps_connections_; }
  DateLine& date() { return date_; }
  boost::asio::io_context& io() { return io_; }

  // A new id for a request: 16 hexadecimal digits, of which the first eight are random for
  // each thread and the others count.
  void write_request_id(std::span<char, kRequestIdSize> out);
  void count_request() {
    requests_.store(requests_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  Poller& poller() { return poller_; }
  BufferPool& buffers() { return buffers_; }
  void remove(std::list<Connection>::iterator connection);

 private:
  void admit(FileDescriptor socket, const sockaddr_storage& peer);
  template <class Function>
  void for_each_connection(Function function);
  void arm_sweep();
  void sweep();

  const std::size_t index_;
  Shared& shared_;
  const Duration sweep_interval_;
  bool keeps_connections_ = true;
  bool draining_ = false;
  bool sweeping_ = false;
  DateLine date_;
  const std::uint32_t id_prefix_;
  std::uint32_t request_count_ = 0;
  std::atomic<std::uint64_t> requests_{0};

  BufferPool buffers_;
  // Before the loop: what handlers still wait in it is destroyed with it, and may look at its
  // request.
  std::list<Connection> connections_;
  boost::asio::io_context io_{1};
  Poller poller_{io_};
  SteadyTimer sweep_timer_{io_};
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::thread thread_;
};

}  // namespace latchkey::http
