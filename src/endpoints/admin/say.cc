#include "endpoints/admin/say.h"

#include <fmt/format.h>

namespace latchkey::admin {

namespace json = boost::json;

std::string say_done(const json::object&) { return "Done."; }

std::string say_ended(const json::object& answer) {
  return fmt::format("Softly ended {} sessions.", answer.at("ended").to_number<std::size_t>());
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

std::string without_last_break(std::string lines) {
  if (lines.ends_with('\n')) lines.pop_back();
  return lines;
}

}  // namespace latchkey::admin
