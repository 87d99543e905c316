#include "platform/http/writer.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "platform/http/cors.h"
#include "platform/http/field.h"

namespace latchkey::http {
namespace {

template <class... Parts>
void append(std::string& out, const Parts&... parts) {
  (out.append(std::string_view(parts)), ...);
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_status(std::string& out, int status) {
  if (status == 200) return append(out, "HTTP/1.1 200 OK\r\n");
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  append(out, "HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(status));
  append(out, " ", std::string_view(reason.data(), reason.size()), "\r\n");
}

constexpr std::string_view kJson = "application/json";

// RFC 9110 section 8.6: these never have a body, nor a Content-Length.
bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || !std::ranges::all_of(name, is_token_char) ||
      std::ranges::any_of(value, is_control)) {
    throw std::invalid_argument("a response header has characters that HTTP does not allow");
  }
  append(out, name, ": ", value, "\r\n");
}

}  // namespace

std::string_view DateLine::now() {
  std::timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return at(time.tv_sec);
}

std::string_view DateLine::at(std::time_t seconds) {
  if (seconds != seconds_) {
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    // Not strftime: the names must stay English whatever the locale.
    const int size =
        std::snprintf(text_.data(), text_.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                      kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                      kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
    size_ = static_cast<std::size_t>(size);
    seconds_ = seconds;
  }
  return {text_.data(), size_};
}

void append_response(std::string& out, const Response& response, const Envelope& envelope) {
  const std::size_t begin = out.size();
  try {
    append_status(out, response.status);
    const bool bodiless = is_bodiless(response.status);
    if (!bodiless) {
      if (!response.content_type.empty()) {
        append(out, "Content-Type: ", response.content_type, "\r\n");
        // Or a browser that is led to it may take a text that somebody chose for a page.
        if (response.content_type.starts_with(kJson)) {
          append(out, "X-Content-Type-Options: nosniff\r\n");
        }
      }
      append(out, "Content-Length: ");
      append_number(out, response.body.size());
      append(out, "\r\n");
    }
    append(out, envelope.date, "X-Request-Id: ", envelope.request_id, "\r\n");
    if (envelope.cors) append(out, kCorsHeaders);
    if (!envelope.allow.empty()) append(out, "Allow: ", envelope.allow, "\r\n");
    if (envelope.close) append(out, "Connection: close\r\n");
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    append(out, "\r\n");
    if (!bodiless && !envelope.head) out.append(response.body);
  } catch (...) {
    out.resize(begin);
    throw;
  }
}

}  // namespace latchkey::http
