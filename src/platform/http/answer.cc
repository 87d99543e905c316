// How a connection answers: the part of Connection between the parser and the writer.
#include <boost/asio/co_spawn.hpp>
#include <string_view>
#include <utility>

#include "platform/http/connection.h"

namespace latchkey::http {
namespace {

// Answers to pipelined requests are collected up to this size before they are sent.
constexpr std::size_t kSendAt = 64 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// How long browsers may keep the answer to a preflight request, in seconds.
constexpr std::string_view kPreflightAge = "86400";

}  // namespace

int status_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::bad_request:
      return 400;
    case Refusal::not_found:
      return 404;
    case Refusal::method_not_allowed:
      return 405;
    case Refusal::timeout:
      return 408;
    case Refusal::body_too_large:
      return 413;
    case Refusal::headers_too_large:
      return 431;
    case Refusal::fault:
      return 500;
    case Refusal::unavailable:
      return 503;
  }
  std::unreachable();
}

// Answers what has arrived, without waiting, until a handler has to wait, the answers are many
// or the input is used up.
Connection::Next Connection::answer_buffered() {
  using Progress = RequestParser::Progress;
  while (!closing_) {
    if (output_.size() >= kSendAt) return Next::go_on;
    switch (parser_.advance(input_)) {
      case Progress::need_more:
        if (parser_.take_continue()) output_ += kContinue;
        return Next::read;
      case Progress::complete:
        if (!answer_at_once()) return Next::handle;
        break;
      case Progress::bad_request:
        refuse_message(Refusal::bad_request);
        break;
      case Progress::headers_too_large:
        refuse_message(Refusal::headers_too_large);
        break;
      case Progress::body_too_large:
        refuse_message(Refusal::body_too_large);
        break;
    }
  }
  return Next::close;
}

void Connection::take_request() {
  request_complete_ = std::chrono::steady_clock::now();
  request_ = parser_.request();
  worker_.write_request_id(request_id_);
  request_.id = {request_id_.data(), request_id_.size()};
  request_.worker = worker_.index();
  request_.client_address = peer_.text;
  if (peer_trusted_ && request_.header_count("X-Forwarded-For") > 0) {
    forwarded_for_ = shared_.proxies.client_address(peer_, request_.headers);
    request_.client_address = forwarded_for_;
  }
  if (request_.path.empty()) return;  // the head could not be read
  match_ = shared_.router.match(request_.method, request_.path);
  request_.parameters = match_.parameters;
}

// False when the answer has to be waited for.
bool Connection::answer_at_once() {
  take_request();
  closing_ = !parser_.keep_alive();
  response_.reset();
  if (!match_.route) {
    answer_unrouted();
    return true;
  }
  if (!match_.route->immediate) return false;
  try {
    if (!match_.route->immediate(request_, response_)) return false;
    finish();
  } catch (...) {
    refuse(Refusal::fault, std::current_exception());
  }
  return true;
}

void Connection::answer_unrouted() {
  if (match_.malformed) return refuse(Refusal::bad_request);
  const bool preflight = request_.method == Method::options && match_.cors;
  if (!preflight && request_.path != "*") {
    return refuse(match_.path_known ? Refusal::method_not_allowed : Refusal::not_found);
  }
  response_.status = 204;
  if (preflight) response_.headers.emplace_back("Access-Control-Max-Age", kPreflightAge);
  finish();
}

void Connection::start_handler() {
  wait(Waiting::for_handler, {});
  try {
    boost::asio::co_spawn(worker_.io(), match_.route->handler(request_),
                          [this](std::exception_ptr fault, Response response) {
                            guarded([&] { handled(std::move(fault), std::move(response)); });
                          });
  } catch (...) {
    // A handler that is no coroutine itself and threw before it made one.
    refuse(Refusal::fault, std::current_exception());
    next_ = Next::go_on;
    wait_for_turn();
  }
}

void Connection::handled(std::exception_ptr fault, Response response) {
  response_ = std::move(response);
  if (fault) {
    refuse(Refusal::fault, std::move(fault));
  } else {
    finish_or_refuse();
  }
  next_ = answer_buffered();
  proceed();
}

// A response with impossible headers is a fault of its handler.
void Connection::finish_or_refuse() {
  try {
    finish();
  } catch (...) {
    refuse(Refusal::fault, std::current_exception());
  }
}

// Answers in place of a handler.
void Connection::refuse(Refusal refusal, std::exception_ptr fault) {
  response_.reset();
  response_.status = status_of(refusal);
  response_.content_type = {};
  try {
    if (shared_.hooks.refuse)
      response_ = shared_.hooks.refuse({refusal, request_, match_.data, fault});
    finish();
  } catch (...) {
    // The hook itself failed; its bare status is the best there is.
    response_.reset();
    response_.status = status_of(Refusal::fault);
    response_.content_type = {};
    finish();
  }
}

// Refuses what is no request, after which nothing on this connection makes sense.
void Connection::refuse_message(Refusal refusal) {
  take_request();
  closing_ = refused_ = true;
  refuse(refusal);
}

// Renders response_ into the output and makes ready for the next request.
void Connection::finish() {
  closing_ = closing_ || !worker_.keeps_connections();
  const bool lists_methods = !match_.route && match_.path_known && !match_.malformed;
  append_response(output_, response_,
                  Envelope{.date = worker_.date().now(),
                           .request_id = request_.id,
                           .allow = lists_methods ? match_.allow : std::string_view{},
                           .head = request_.method == Method::head,
                           // Whose head could not be read may be a web client's, which has to
                           // learn what is wrong with it.
                           .cors = match_.cors || request_.path.empty(),
                           .close = closing_});
  worker_.count_request();
  if (shared_.hooks.done) {
    const auto took = std::chrono::steady_clock::now() - request_complete_;
    try {
      shared_.hooks.done(request_, match_.route, response_.status, took);
    } catch (...) {
      // The answer stands already; there is nobody left to tell.
    }
  }
  request_ = {};
  match_ = {};
  parser_.reset();
  request_began_ = {};
}

}  // namespace latchkey::http
