#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>

#include "platform/task.h"

namespace latchkey::http {

// Tells many sockets when they are ready, for one operation of the event loop per batch.
//
// Asio would do for it, but not at the price of a bare loop: after each answer it tries to
// read before it waits (one recv in vain per request), and each wait is an operation of its
// own. So the sockets stand in an epoll set of ours, edge-triggered, registered once; the set
// itself is the one descriptor that Asio waits for. See docs/decisions.
class Poller {
 public:
  class Source {
   public:
    // `events` as epoll has them. May destroy the source.
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Source() = default;
  };

  explicit Poller(boost::asio::io_context& io);
  ~Poller();

  // Begins to wait; from the loop's thread or before it runs.
  void start();

  // False when the kernel has no room for another.
  bool add(int socket, Source& source);
  void remove(int socket);

 private:
  void wait();
  void dispatch();

  // Many, so that under load waiting costs next to nothing; not so many that what else the
  // loop has to do waits long.
  static constexpr std::size_t kBatch = 128;

  boost::asio::posix::basic_stream_descriptor<Executor> set_;
};

}  // namespace latchkey::http
