#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <string>

#include "platform/http/forwarded.h"
#include "platform/http/input.h"
#include "platform/http/listener.h"
#include "platform/http/message.h"
#include "platform/http/parser.h"
#include "platform/http/poller.h"
#include "platform/http/router.h"
#include "platform/http/worker.h"

namespace latchkey::http {

// One client: reads, answers what it read, sends, and waits for more. Lives in its worker's
// thread. Its memory is recycled from request to request.
class Connection final : public Poller::Source {
 public:
  // The connection has been counted by Shared::enter(), and counts itself out. Throws
  // std::system_error when the socket cannot be waited for.
  Connection(Worker& worker, FileDescriptor socket, const sockaddr_storage& peer);
  ~Connection();
  Connection(const Connection&) = delete;

  // Where the worker keeps it.
  void set_place(std::list<Connection>::iterator place) { place_ = place; }

  // Each of these may end the connection and destroy it.
  void on_ready(std::uint32_t events) override;
  void check_deadline(SteadyTime now);
  void begin_drain();

  // Closes the socket when the loop runs no more.
  void abandon();

 private:
  // What is to be done when the output is sent.
  enum class Next { read, handle, go_on, close };
  enum class Waiting { for_input, for_handler, for_turn, for_output, for_goodbye };
  enum class Received { bytes, nothing, end };
  enum class Sent { all, some, failed };

  // Moving bytes (connection.cc).
  // A connection that faults (no memory) ends alone.
  template <class Function>
  void guarded(Function function) {
    try {
      function();
    } catch (...) {
      end();
    }
  }
  void proceed();
  void wait(Waiting waiting, SteadyTime deadline);
  void wait_for_turn();
  bool wait_for_input();
  Received receive();
  Sent send();
  bool begin_goodbye();
  bool throw_input_away();
  void end();

  // Answering (answer.cc).
  Next answer_buffered();
  bool answer_at_once();
  void answer_unrouted();
  void start_handler();
  void handled(std::exception_ptr fault, Response response);
  void refuse(Refusal refusal, std::exception_ptr fault = nullptr);
  void refuse_message(Refusal refusal);
  void take_request();
  void finish();
  void finish_or_refuse();

  Worker& worker_;
  Shared& shared_;
  const Limits& limits_;
  std::list<Connection>::iterator place_;
  FileDescriptor socket_;
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
  SteadyTime request_complete_;

  Next next_ = Next::read;
  Waiting waiting_ = Waiting::for_input;
  SteadyTime deadline_;
  SteadyTime request_began_;     // zero: not yet
  std::size_t thrown_away_ = 0;  // bytes, while saying goodbye
  bool fresh_ = true;            // no byte has come yet
  bool readable_ = false;        // a read may find something
  bool hung_up_ = false;         // the end of the input is among it
  bool closing_ = false;         // after the answers that stand in the output
  bool refused_ = false;         // the client may still be sending what we do not want
};

}  // namespace latchkey::http
