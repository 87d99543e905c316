#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <vector>

#include "platform/http/worker.h"

namespace latchkey::http {

// Accepts on one listening socket, in the loop of one worker, and deals what it gets to the
// target workers in turn.
class Acceptor {
 public:
  Acceptor(Worker& home, FileDescriptor socket, std::vector<Worker*> targets);

  // Starts waiting for connections.
  void start();
  // Takes what has arrived before now, then closes.
  void close();

 private:
  enum class Outcome { drained, more, exhausted };
  Task<void> run();
  Outcome accept_waiting();

  Worker& home_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, Executor> socket_;
  SteadyTimer pause_;
  std::vector<Worker*> targets_;
  std::size_t next_ = 0;
};

}  // namespace latchkey::http
