#pragma once

#include <cstddef>
#include <string_view>

namespace latchkey::http {

// Finds the end of a request's head as bytes arrive, looking at each byte once, and refuses
// what peers read in different ways (RFC 9112 sections 2.2 and 5.2): a line that ends in a
// bare LF, and a header folded over several lines.
class HeadScanner {
 public:
  enum class State { need_more, complete, malformed };

  // `bytes` begins with the head, and with what the calls before had. When complete, size()
  // is the head's length with its empty line.
  State scan(std::string_view bytes);
  std::size_t size() const { return line_; }
  void reset() { *this = {}; }

 private:
  std::size_t line_ = 0;     // where the current line begins
  std::size_t scanned_ = 0;  // no line feed before this
};

}  // namespace latchkey::http
