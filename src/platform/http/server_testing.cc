#include "platform/http/server_testing.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace latchkey::http::testing {
namespace {

namespace asio = boost::asio;

Immediate text(std::function<std::string(const Request&)> body) {
  return [body = std::move(body)](const Request& request, Response& response) {
    response.content_type = "text/plain";
    response.body = body(request);
    return true;
  };
}

Handler echo(std::function<std::string(const Request&)> body) {
  return [body = std::move(body)](const Request& request) -> Task<Response> {
    Response response;
    response.body = body(request);
    co_return response;
  };
}

std::string name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::bad_request:
      return "bad_request";
    case Refusal::not_found:
      return "not_found";
    case Refusal::method_not_allowed:
      return "method_not_allowed";
    case Refusal::timeout:
      return "timeout";
    case Refusal::body_too_large:
      return "body_too_large";
    case Refusal::headers_too_large:
      return "headers_too_large";
    case Refusal::fault:
      return "fault";
    case Refusal::unavailable:
      return "unavailable";
  }
  std::unreachable();
}

}  // namespace

Sample::Sample(ServerOptions options) {
  add_routes();
  if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
  if (options.threads == 0) options.threads = 2;
  server = std::make_unique<Server>(std::move(options), router, hooks());
  server->start();
}

Sample::~Sample() {
  release();
  server.reset();  // before what its hooks write to
}

std::vector<std::string> Sample::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void Sample::add_routes() {
  const auto at_once = [this](std::string path, Immediate immediate, bool cors = false) {
    router.add(Method::get, std::move(path), nullptr,
               {.cors = cors, .immediate = std::move(immediate)});
  };
  at_once("/hello", text([](const Request&) { return "hello"; }), true);
  at_once("/large", text([](const Request&) { return std::string(kLarge, 'x'); }));
  at_once("/address", text([](const Request& r) { return std::string(r.client_address); }));
  at_once("/throw",
          text([](const Request&) -> std::string { throw std::runtime_error("thrown"); }));
  at_once("/bad-header", [](const Request&, Response& response) {
    response.headers.emplace_back("Location", "/x\r\nSet-Cookie: stolen=1");
    return true;
  });
  router.add(Method::post, "/echo", echo([](const Request& r) { return std::string(r.body); }));
  router.add(Method::get, "/things/{thing}",
             echo([](const Request& r) { return r.parameters.front(); }));
  router.add(Method::get, "/throw-late", [](const Request&) -> Task<Response> {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable_t<Executor>{});
    throw std::runtime_error("thrown late");
  });
  router.add(Method::get, "/wait", [this](const Request& request) -> Task<Response> {
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    ++waiting_;
    Timer timer(co_await asio::this_coro::executor);
    while (!released_) {
      timer.expires_after(std::chrono::milliseconds(1));
      co_await timer.async_wait(asio::use_awaitable_t<Executor>{});
    }
    --waiting_;
    Response response;
    response.body = request.target;  // still there
    co_return response;
  });
  router.below("/api/", {.cors = true});
}

Hooks Sample::hooks() {
  Hooks hooks;
  hooks.refuse = [](const Refused& refused) {
    Response response;
    response.status = status_of(refused.refusal);
    response.content_type = "text/plain";
    response.body = name_of(refused.refusal);
    try {
      if (refused.fault) std::rethrow_exception(refused.fault);
    } catch (const std::exception& error) {
      response.body += ": " + std::string(error.what());
    }
    return response;
  };
  hooks.done = [this](const Request&, const Router::Route* route, int status,
                      std::chrono::nanoseconds) {
    const std::lock_guard lock(mutex_);
    log_.push_back((route ? route->pattern : "-") + " " + std::to_string(status));
  };
  return hooks;
}

}  // namespace latchkey::http::testing
