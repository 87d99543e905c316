#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/http/input.h"

namespace latchkey::http {

// Decodes a chunked body (RFC 9112 section 7.1) as it arrives. Extensions and trailers are
// checked for form and ignored. Our own rather than Beast's, which (1.81) fails an assertion
// on an empty body that comes in pieces, and takes control characters in extensions.
class ChunkedDecoder {
 public:
  enum class State { need_more, complete, malformed, too_large };

  // The longest line that is waited for, and the most bytes of extensions and trailers in all.
  static constexpr std::size_t kMaxLine = 4096;

  // Takes what it can of `input` and appends the data to `body`, which must not become larger
  // than `max_body`. After any state but need_more it must be reset.
  State decode(InputBuffer& input, std::string& body, std::size_t max_body);
  void reset() { *this = {}; }

 private:
  enum class Part { size, data, end_of_data, trailers };
  enum class Line { missing, good, bad };

  Line take_line(InputBuffer& input);
  bool read_size();
  bool check_trailer();

  Part part_ = Part::size;
  std::string line_;
  std::uint64_t left_ = 0;  // of the chunk's data
  std::size_t extras_ = 0;
};

}  // namespace latchkey::http
