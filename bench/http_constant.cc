// The product's own HTTP server with a route that answers a constant: what the server costs
// without any question of tokens.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/program.h"
#include "platform/http/server.h"

namespace latchkey::bench {
namespace {

int run(int argc, char** argv) {
  std::uint16_t port = 0;
  std::size_t body = 100;
  CLI::App app{"The HTTP server, answering a constant."};
  app.add_option("--port", port, "The port on 127.0.0.1")->required();
  app.add_option("--body", body, "Size of the answer's body");
  CLI11_PARSE(app, argc, argv);

  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  const std::string constant(body, 'x');
  http::RouteOptions options;
  options.immediate = [&](const http::Request& request, http::Response& response) {
    if (request.header("Authorization").empty()) response.status = 401;
    response.body = constant;
    return true;
  };
  const auto at_leisure = [](const http::Request&) -> Task<http::Response> {
    co_return http::Response{};
  };
  http::Router router;
  router.add(http::Method::get, "/constant", at_leisure, options);

  http::ServerOptions server_options;
  server_options.listen = {"127.0.0.1:" + std::to_string(port)};
  server_options.threads = 1;
  http::Hooks hooks;
  hooks.refuse = [](const http::Refused&) {
    http::Response response;
    response.status = 500;
    return response;
  };
  hooks.done = [](const http::Request&, const http::Router::Route*, int, std::chrono::nanoseconds) {
  };
  http::Server server(server_options, router, hooks);
  server.start();
  int received = 0;
  sigwait(&stop, &received);
  server.drain();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("http_constant", latchkey::bench::run, argc, argv);
}
