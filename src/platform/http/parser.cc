#include "platform/http/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "platform/http/field.h"
#include "platform/http/target.h"

namespace latchkey::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr std::size_t kBodyKept = 16 * 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, is_digit);
}

Method to_method(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::get;
    case beast::http::verb::head:
      return Method::head;
    case beast::http::verb::post:
      return Method::post;
    case beast::http::verb::put:
      return Method::put;
    case beast::http::verb::delete_:
      return Method::delete_;
    case beast::http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

// Beast's parser for the head, with what it lets pass refused: repeated and listed lengths,
// codings other than chunked, malformed hosts.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser(Head& head, const Limits& limits) : head_(head), limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.max_headers));
    body_limit(boost::none);
  }

 private:
  void on_request_impl(beast::http::verb verb, beast::string_view, beast::string_view target,
                       int version, error_code&) override {
    head_.method = to_method(verb);
    head_.target = view(target);
    head_.http_1_0 = version == 10;
  }

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    if (head_.headers.size() == limits_.max_header_count) {
      ec = beast::http::error::header_limit;
      return;
    }
    head_.headers.push_back({view(name), view(value)});
    check(field, view(value), ec);
  }

  void check(beast::http::field field, std::string_view value, error_code& ec) {
    switch (field) {
      case beast::http::field::host:
        ++head_.hosts;
        if (!valid_host(value)) ec = beast::http::error::bad_value;
        break;
      case beast::http::field::content_length:
        if (std::exchange(has_length_, true) || !all_digits(value)) {
          ec = beast::http::error::bad_content_length;
        }
        break;
      case beast::http::field::transfer_encoding:
        if (head_.http_1_0 || !same_name(value, "chunked")) {
          ec = beast::http::error::bad_transfer_encoding;
        }
        break;
      case beast::http::field::expect:
        head_.expects_continue = !head_.http_1_0 && same_name(value, "100-continue");
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code&) override {
    head_.keep_alive = !head_.http_1_0 && keep_alive();
    head_.chunked = chunked();
    head_.content_length = static_cast<std::size_t>(content_length().value_or(0));
  }

  // Responses and bodies do not come here.
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override {
    return 0;
  }
  void on_finish_impl(error_code&) override {}

  Head& head_;
  const Limits& limits_;
  bool has_length_ = false;
};

}  // namespace

RequestParser::Progress RequestParser::advance(InputBuffer& input) {
  if (phase_ != Phase::body) {
    const Progress progress = read_head(input);
    if (phase_ != Phase::body) return progress;
  }
  return parsed_.chunked ? read_chunks(input) : read_body(input);
}

RequestParser::Progress RequestParser::read_head(InputBuffer& input) {
  if (phase_ == Phase::before) {
    // Empty lines before a request are forgiven (RFC 9112 section 2.2).
    while (input.bytes().starts_with("\r\n")) input.consume(2);
    if (input.empty() || input.bytes() == "\r") return Progress::need_more;
    phase_ = Phase::head;
    // TLS and other protocols are told at once rather than waited for.
    if (!is_token_char(input.bytes().front())) return finish(Progress::bad_request);
  }
  const auto bytes = input.bytes().substr(0, limits_.max_headers);
  const HeadScanner::State scanned = scanner_.scan(bytes);
  if (scanned == HeadScanner::State::malformed) return finish(Progress::bad_request);
  if (scanned == HeadScanner::State::need_more) {
    return bytes.size() < limits_.max_headers ? Progress::need_more
                                              : finish(Progress::headers_too_large);
  }
  head_.assign(input.bytes().substr(0, scanner_.size()));
  input.consume(scanner_.size());
  return parse_head();
}

RequestParser::Progress RequestParser::parse_head() {
  HeadParser parser(parsed_, limits_);
  error_code ec;
  const std::size_t taken = parser.put({head_.data(), head_.size()}, ec);
  if (ec == beast::http::error::header_limit) return finish(Progress::headers_too_large);
  // Beast must see the head end where the scanner did.
  if (ec || taken != head_.size()) return finish(Progress::bad_request);
  // RFC 9112 section 3.2: exactly one Host, which HTTP/1.0 did not have yet.
  if (parsed_.hosts > 1 || (parsed_.hosts == 0 && !parsed_.http_1_0)) {
    return finish(Progress::bad_request);
  }
  const auto target = parse_target(parsed_.method, parsed_.target);
  if (!target) return finish(Progress::bad_request);
  request_.method = parsed_.method;
  request_.target = target->all;
  request_.path = target->path;
  request_.query = target->query;
  request_.headers = parsed_.headers;
  if (parsed_.content_length > limits_.max_body && parsed_.content_length > most_of_body()) {
    return finish(Progress::body_too_large);
  }
  if (parsed_.content_length == 0 && !parsed_.chunked) return finish(Progress::complete);
  phase_ = Phase::body;
  return Progress::need_more;
}

RequestParser::Progress RequestParser::read_body(InputBuffer& input) {
  const auto part = input.bytes().substr(0, parsed_.content_length - body_.size());
  body_.append(part);
  input.consume(part.size());
  if (body_.size() < parsed_.content_length) return Progress::need_more;
  request_.body = body_;
  return finish(Progress::complete);
}

RequestParser::Progress RequestParser::read_chunks(InputBuffer& input) {
  switch (chunks_.decode(input, body_, most_of_body())) {
    case ChunkedDecoder::State::need_more:
      return Progress::need_more;
    case ChunkedDecoder::State::malformed:
      return finish(Progress::bad_request);
    case ChunkedDecoder::State::too_large:
      return finish(Progress::body_too_large);
    case ChunkedDecoder::State::complete:
      break;
  }
  request_.body = body_;
  return finish(Progress::complete);
}

// Asked where the usual does not suffice.
std::size_t RequestParser::most_of_body() const {
  if (router_ == nullptr) return limits_.max_body;
  return std::max(limits_.max_body, router_->max_body(request_.method, request_.path));
}

RequestParser::Progress RequestParser::finish(Progress progress) {
  phase_ = Phase::done;
  return progress;
}

void RequestParser::reset() {
  phase_ = Phase::before;
  scanner_.reset();
  std::vector<Header> headers = std::move(parsed_.headers);
  headers.clear();
  parsed_ = {};
  parsed_.headers = std::move(headers);
  chunks_.reset();
  body_.clear();
  request_ = {};
}

bool RequestParser::take_continue() {
  return phase_ == Phase::body && std::exchange(parsed_.expects_continue, false);
}

void RequestParser::shrink() {
  if (body_.capacity() > kBodyKept) std::string().swap(body_);
  if (head_.capacity() > BufferPool::kSize) std::string().swap(head_);
}

}  // namespace latchkey::http
