#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/http/client_testing.h"
#include "platform/http/router.h"
#include "platform/http/server.h"

namespace latchkey::http::testing {

// A server on 127.0.0.1 with these routes:
//   GET  /hello           answers at once "hello"; CORS
//   POST /echo            a handler that gives back the body
//   GET  /things/{thing}  a handler that gives back the placeholder's value
//   GET  /wait            a handler that waits until release()
//   GET  /large           at once, Sample::kLarge bytes
//   GET  /address         at once, the client's address
//   GET  /throw, /throw-late   a fault, at once and in a handler
//   GET  /bad-header      a response that must not be sent
// Unknown paths below /api have CORS. Refusals are answered with their name.
class Sample {
 public:
  static constexpr std::size_t kLarge = 16 << 20;

  explicit Sample(ServerOptions options = {});
  ~Sample();

  Client connect() const { return Client::tcp(server->port()); }
  // Lets the handlers of /wait go on, those to come too.
  void release() { released_ = true; }
  int waiting() const { return waiting_; }
  std::vector<std::string> log() const;  // "pattern status" of each answer, "-" without route

  Router router;
  std::unique_ptr<Server> server;

 private:
  void add_routes();
  Hooks hooks();

  std::atomic<bool> released_ = false;
  std::atomic<int> waiting_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
};

}  // namespace latchkey::http::testing
