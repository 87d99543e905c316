#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>

#include "platform/http/forwarded.h"
#include "platform/http/input.h"
#include "platform/http/listener.h"
#include "platform/http/message.h"
#include "platform/http/parser.h"
#include "platform/http/router.h"
#include "platform/http/worker.h"
#include "platform/task.h"

namespace latchkey::http {

// One client. A coroutine in its worker's loop owns it: reads, answers what it read, sends,
// and waits for more. Its memory is recycled from request to request.
class Connection {
 public:
  // In the worker's thread; the connection has been counted by Shared::enter().
  static void start(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer);
  Connection(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer);
  ~Connection();

  // Ends what the connection waits for when it has waited too long.
  void check_deadline(SteadyTime now);
  // Closes soon: at once when idle, otherwise after the answer.
  void begin_drain();
  // Closes the socket when the loop runs no more.
  void abandon();

 private:
  // What answer_buffered() leaves to be done, after sending.
  enum class Next { read, handle, go_on, close };
  enum class Waiting { nothing, input, output, goodbye };

  static Task<void> run(std::unique_ptr<Connection> self);
  Task<void> serve();

  // Answering (answer.cc).
  Next answer_buffered();
  bool answer_at_once();
  void answer_unrouted();
  Task<void> handle();
  void refuse(Refusal refusal, std::exception_ptr fault = nullptr);
  void refuse_message(Refusal refusal);
  void take_request();
  void finish();

  // Moving bytes.
  Next prepare_read();
  Next receive_at_once();
  bool received(const boost::system::error_code& error, std::size_t size);
  bool send_now();
  Task<bool> send_rest();
  Task<void> say_goodbye();
  bool unread_input();
  void wait_for(Waiting waiting, SteadyTime deadline);

  Worker& worker_;
  Shared& shared_;
  const Limits& limits_;
  Socket socket_;
  const Peer peer_;
  const bool peer_trusted_;

  InputBuffer input_;
  RequestParser parser_;
  std::string output_;
  std::size_t sent_ = 0;  // of output_

  Request request_;
  std::array<char, kRequestIdSize> request_id_{};
  std::string forwarded_for_;
  Router::Match match_;
  Response response_;
  std::chrono::steady_clock::time_point request_complete_;

  Waiting waiting_ = Waiting::nothing;
  SteadyTime deadline_;
  SteadyTime request_began_;  // zero: not yet
  bool fresh_ = true;         // no byte has come yet
  bool timed_out_ = false;
  bool closing_ = false;
  bool refused_ = false;  // the client may still be sending what we do not want
};

}  // namespace latchkey::http
