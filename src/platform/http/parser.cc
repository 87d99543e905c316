#include "platform/http/parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

#include "platform/http/field.h"
#include "platform/http/target.h"

namespace latchkey::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

// The most bytes of chunk extensions and trailers together. We use none of them.
constexpr std::size_t kMaxChunkExtras = 4096;
// The longest line that heads a chunk and the most of trailers that is waited for.
constexpr std::size_t kMaxChunkLine = 2 * kMaxChunkExtras;
static_assert(kMaxChunkLine < RequestParser::kMinBuffer);
constexpr std::size_t kBodyKept = 16 * 1024;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, is_digit);
}

Method to_method(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::get;
    case beast_http::verb::head:
      return Method::head;
    case beast_http::verb::post:
      return Method::post;
    case beast_http::verb::put:
      return Method::put;
    case beast_http::verb::delete_:
      return Method::delete_;
    case beast_http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

// What the wire said, in memory that outlives one request.
struct Received {
  Method method = Method::other;
  std::string_view target;
  bool http_1_0 = false;
  bool expects_continue = false;
  std::size_t hosts = 0;
  std::vector<Header> headers;
  std::string body;

  void reset() {
    method = Method::other;
    target = {};
    http_1_0 = expects_continue = false;
    hosts = 0;
    headers.clear();
    body.clear();
  }
};

// Beast's parser with what it lets pass refused: repeated and listed lengths, codings other
// than chunked, control characters in chunk extensions.
class Strict final : public beast_http::basic_parser<true> {
 public:
  Strict(Received& received, const Limits& limits) : received_(received), limits_(limits) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.max_headers));
    body_limit(limits.max_body);
  }

 private:
  void on_request_impl(beast_http::verb verb, boost::beast::string_view,
                       boost::beast::string_view target, int version, error_code&) override {
    received_.method = to_method(verb);
    received_.target = view(target);
    received_.http_1_0 = version == 10;
  }

  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

  void on_field_impl(beast_http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& ec) override {
    if (in_trailers_) return count_extra(name.size() + value.size(), ec);
    if (received_.headers.size() == limits_.max_header_count) {
      ec = beast_http::error::header_limit;
      return;
    }
    received_.headers.push_back({view(name), view(value)});
    check(field, view(value), ec);
  }

  void check(beast_http::field field, std::string_view value, error_code& ec) {
    switch (field) {
      case beast_http::field::host:
        ++received_.hosts;
        if (!valid_host(value)) ec = beast_http::error::bad_value;
        break;
      case beast_http::field::content_length:
        if (std::exchange(has_length_, true) || !all_digits(value)) {
          ec = beast_http::error::bad_content_length;
        }
        break;
      case beast_http::field::transfer_encoding:
        if (received_.http_1_0 || !same_name(value, "chunked")) {
          ec = beast_http::error::bad_transfer_encoding;
        }
        break;
      case beast_http::field::expect:
        received_.expects_continue = !received_.http_1_0 && same_name(value, "100-continue");
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code&) override { in_trailers_ = true; }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  std::size_t on_body_impl(boost::beast::string_view bytes, error_code&) override {
    received_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view extensions,
                            error_code& ec) override {
    if (std::ranges::any_of(view(extensions), is_control)) {
      ec = beast_http::error::bad_chunk_extension;
    } else {
      count_extra(extensions.size(), ec);
    }
  }

  void count_extra(std::size_t size, error_code& ec) {
    extras_ += size;
    if (extras_ > kMaxChunkExtras) ec = beast_http::error::bad_chunk_extension;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view bytes,
                                 error_code&) override {
    received_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_finish_impl(error_code&) override {}

  Received& received_;
  const Limits& limits_;
  std::size_t extras_ = 0;
  bool has_length_ = false;
  bool in_trailers_ = false;
};

}  // namespace

class RequestParser::Message {
 public:
  Received received;
  std::optional<Strict> parser;
};

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), message_(std::make_unique<Message>()) {}

RequestParser::~RequestParser() = default;

RequestParser::Progress RequestParser::advance(InputBuffer& input) {
  if (phase_ == Phase::before || phase_ == Phase::head) {
    const Progress progress = read_head(input);
    if (progress != Progress::complete || phase_ == Phase::done) return progress;
  }
  return read_body(input);
}

RequestParser::Progress RequestParser::read_head(InputBuffer& input) {
  if (phase_ == Phase::before) {
    // One empty line before a request is forgiven (RFC 9112 section 2.2).
    if (input.bytes().starts_with("\r\n")) input.consume(2);
    if (input.empty() || input.bytes() == "\r") return Progress::need_more;
    phase_ = Phase::head;
    // TLS and other protocols are told at once rather than waited for.
    if (!is_token_char(input.bytes().front())) return fail(Progress::bad_request);
  }
  const HeadScanner::State scanned = scanner_.scan(input.bytes());
  if (scanned == HeadScanner::State::malformed) return fail(Progress::bad_request);
  const bool complete = scanned == HeadScanner::State::complete;
  if ((complete ? scanner_.size() : input.bytes().size() + 1) > limits_.max_headers) {
    return fail(Progress::headers_too_large);
  }
  if (!complete) return Progress::need_more;
  head_.assign(input.bytes().substr(0, scanner_.size()));
  input.consume(scanner_.size());
  return parse_head();
}

RequestParser::Progress RequestParser::parse_head() {
  Received& received = message_->received;
  Strict& parser = message_->parser.emplace(received, limits_);
  error_code ec;
  const std::size_t taken = parser.put({head_.data(), head_.size()}, ec);
  if (ec == beast_http::error::header_limit) return fail(Progress::headers_too_large);
  const bool too_large = ec == beast_http::error::body_limit;
  // Beast must see the head end where the scanner did.
  if (!too_large && (ec || taken != head_.size())) return fail(Progress::bad_request);
  // RFC 9112 section 3.2: exactly one Host, which HTTP/1.0 did not have yet.
  if (received.hosts > 1 || (received.hosts == 0 && !received.http_1_0)) {
    return fail(Progress::bad_request);
  }
  const auto target = parse_target(received.method, received.target);
  if (!target) return fail(Progress::bad_request);
  request_.method = received.method;
  request_.target = target->all;
  request_.path = target->path;
  request_.query = target->query;
  request_.headers = received.headers;
  if (too_large) return fail(Progress::body_too_large);
  phase_ = parser.is_done() ? Phase::done : Phase::body;
  return Progress::complete;
}

RequestParser::Progress RequestParser::read_body(InputBuffer& input) {
  Strict& parser = *message_->parser;
  error_code ec;
  if (!input.empty()) {
    input.consume(parser.put({input.bytes().data(), input.bytes().size()}, ec));
  }
  if (parser.is_done()) {
    request_.body = message_->received.body;
    phase_ = Phase::done;
    return Progress::complete;
  }
  if (ec == beast_http::error::body_limit) return fail(Progress::body_too_large);
  // What stays behind is the line of a chunk or the trailers, not yet whole.
  if ((ec && ec != beast_http::error::need_more) || input.bytes().size() > kMaxChunkLine) {
    return fail(Progress::bad_request);
  }
  return Progress::need_more;
}

RequestParser::Progress RequestParser::fail(Progress progress) {
  phase_ = Phase::done;
  return progress;
}

void RequestParser::reset() {
  phase_ = Phase::before;
  scanner_.reset();
  message_->received.reset();
  request_ = {};
}

bool RequestParser::take_continue() {
  return phase_ == Phase::body && std::exchange(message_->received.expects_continue, false);
}

bool RequestParser::keep_alive() const {
  return !message_->received.http_1_0 && message_->parser->keep_alive();
}

void RequestParser::shrink() {
  std::string& body = message_->received.body;
  if (body.capacity() > kBodyKept) std::string().swap(body);
  if (head_.capacity() > InputBuffer::kInitial) std::string().swap(head_);
}

}  // namespace latchkey::http
