#pragma once

#include <array>
#include <ctime>
#include <string>
#include <string_view>

#include "platform/http/message.h"

namespace latchkey::http {

// The Date field, rendered anew once a second. One for each thread.
class DateLine {
 public:
  // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" for now, by the coarse clock (a few ns to read).
  std::string_view now();
  // The same for a given time.
  std::string_view at(std::time_t seconds);

 private:
  std::time_t seconds_ = -1;
  std::array<char, 48> text_{};
  std::size_t size_ = 0;
};

// What the server knows of an answer beside the handler's response.
struct Envelope {
  std::string_view date;  // a whole line, from DateLine
  std::string_view request_id;
  std::string_view allow;  // the Allow field; empty sends none
  bool head = false;       // the answer to HEAD: all but the body
  bool cors = false;
  bool close = false;  // the connection closes after it
};

// Appends the bytes of the answer to `out`. Throws std::invalid_argument when a header of the
// response has a character that would break out of its line.
void append_response(std::string& out, const Response& response, const Envelope& envelope);

}  // namespace latchkey::http
