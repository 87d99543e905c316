#include "endpoints/request/weak_password.h"

#include <fmt/format.h>

#include <utility>

namespace latchkey::request {

std::string sentence_of(const accounts::WeakPassword& weak) {
  using enum accounts::WeakPassword::Why;
  switch (weak.why) {
    case not_text:
      return "The password is not valid text.";
    case too_short:
      return fmt::format("The password is too short: use at least {} characters.", weak.limit);
    case too_long:
      return fmt::format("The password is too long: use at most {} bytes.", weak.limit);
    case from_names:
      return "The password is easy to guess from the name of the user or of the server: use "
             "other words.";
    case easy:
      return "The password is easy to guess: add another word or two.";
  }
  std::unreachable();
}

}  // namespace latchkey::request
