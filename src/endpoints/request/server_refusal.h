#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "platform/http/server.h"
#include "platform/time.h"

namespace latchkey::request {

// What the server answers on its own, before it is put into the form of a surface.
struct ServerRefusal {
  int status = 500;
  std::string_view sentence;
  Duration retry_after{0};  // 0: not said
  bool invalid = false;     // something in the request is not good: another one may be
};

// What was thrown, and whether the same request may do better in a moment.
struct Fault {
  bool transient = false;
  bool refused = false;  // by the homeserver, however often it is asked
  std::string text;
};
// Absent means that nothing was thrown: an empty text.
Fault read_fault(const std::exception_ptr& thrown);

// `timeout_is_transient`: PathOptions.
ServerRefusal server_refusal(http::Refusal refusal, const Fault& fault = {},
                             bool timeout_is_transient = false);

}  // namespace latchkey::request
