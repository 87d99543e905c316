#include "platform/http/chunked.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "platform/http/field.h"

namespace latchkey::http {
namespace {

constexpr std::size_t kMaxDigits = 15;  // more would not fit 64 bits with ease

}  // namespace

ChunkedDecoder::State ChunkedDecoder::decode(InputBuffer& input, std::string& body,
                                             std::size_t max_body) {
  while (true) {
    if (part_ == Part::data) {
      const auto data = input.bytes().substr(0, left_);
      body.append(data);
      left_ -= data.size();
      input.consume(data.size());
      if (left_ > 0) return State::need_more;
      part_ = Part::end_of_data;
    }
    const Line line = take_line(input);
    if (line == Line::missing) return State::need_more;
    if (line == Line::bad) return State::malformed;
    switch (part_) {
      case Part::size:
        if (!read_size()) return State::malformed;
        if (left_ > max_body - body.size()) return State::too_large;
        part_ = left_ > 0 ? Part::data : Part::trailers;
        break;
      case Part::data:
      case Part::end_of_data:
        if (!line_.empty()) return State::malformed;
        part_ = Part::size;
        break;
      case Part::trailers:
        if (line_.empty()) return State::complete;
        if (!check_trailer()) return State::malformed;
        break;
    }
  }
}

// Takes a line, which ends in CRLF and has no control characters, into line_.
ChunkedDecoder::Line ChunkedDecoder::take_line(InputBuffer& input) {
  const std::string_view bytes = input.bytes();
  const auto feed = bytes.substr(0, kMaxLine).find('\n');
  if (feed == bytes.npos) return bytes.size() < kMaxLine ? Line::missing : Line::bad;
  if (feed == 0 || bytes[feed - 1] != '\r') return Line::bad;
  line_ = bytes.substr(0, feed - 1);
  input.consume(feed + 1);
  return std::ranges::any_of(line_, is_control) ? Line::bad : Line::good;
}

// chunk-size [ chunk-ext ]
bool ChunkedDecoder::read_size() {
  const auto digits = std::min(line_.find(';'), line_.size());
  extras_ += line_.size() - digits;
  if (digits > kMaxDigits || extras_ > kMaxLine) return false;
  const char* const end = line_.data() + digits;
  const auto parsed = std::from_chars(line_.data(), end, left_, 16);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool ChunkedDecoder::check_trailer() {
  extras_ += line_.size();
  const auto colon = line_.find(':');
  return extras_ <= kMaxLine && colon != line_.npos && colon > 0 &&
         std::all_of(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(colon),
                     is_token_char);
}

}  // namespace latchkey::http
