#include "platform/http/head.h"

namespace latchkey::http {

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (true) {
    // A fold shows in the first character of the next line, which may arrive later.
    if (line_ > 0 && line_ < bytes.size() && (bytes[line_] == ' ' || bytes[line_] == '\t')) {
      return State::malformed;
    }
    const auto feed = bytes.find('\n', scanned_);
    if (feed == bytes.npos) {
      scanned_ = bytes.size();
      return State::need_more;
    }
    if (feed == line_ || bytes[feed - 1] != '\r') return State::malformed;
    const bool empty_line = feed == line_ + 1;
    line_ = scanned_ = feed + 1;
    if (empty_line) return State::complete;
  }
}

}  // namespace latchkey::http
