#include "platform/html/values.h"

#include "platform/text/shown.h"

namespace latchkey::html {

Values& Values::set(std::string_view name, std::string_view text) {
  texts_.emplace_back(name, text::shown_sentence(text));
  return *this;
}

Values& Values::set_sent(std::string_view name, std::string_view value) {
  texts_.emplace_back(name, value);
  return *this;
}

Values& Values::add_sent(std::string_view section, std::string_view value) {
  if (!value.empty()) add(section).set_sent(section, value);
  return *this;
}

Values& Values::add(std::string_view section) { return include(section, {}); }

Values& Values::add_text(std::string_view section, std::string_view text) {
  const std::string shown = text::shown_sentence(text);
  if (!shown.empty()) add(section).set(section, shown);
  return *this;
}

Values& Values::include(std::string_view slot, std::string_view file) {
  parts_.push_back(Part{std::string(slot), std::string(file), {}});
  return parts_.back().values;
}

}  // namespace latchkey::html
