#include "endpoints/request/weak_password.h"

#include <fmt/format.h>

#include <utility>

namespace latchkey::request {

namespace {

std::string sentence_of(const accounts::CharacterClasses& missing) {
  std::string list;
  const auto name = [&list](bool is_missing, std::string_view what) {
    if (is_missing) list.append(list.empty() ? "" : ", ").append(what);
  };
  name(missing.digit, "a digit");
  name(missing.lowercase, "a small letter");
  name(missing.uppercase, "a capital letter");
  name(missing.symbol, "a character that is neither letter nor digit");
  return "The password needs more kinds of characters: " + list + ".";
}

}  // namespace

std::string sentence_of(const accounts::WeakPassword& weak) {
  using enum accounts::WeakPassword::Why;
  switch (weak.why) {
    case lacks:
      return sentence_of(weak.missing);
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
