#include "platform/config/value.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "platform/text/duration.h"
#include "platform/text/size.h"
#include "platform/text/utf8.h"

namespace latchkey::config {
namespace {

template <class... Fns>
struct Overloaded : Fns... {
  using Fns::operator()...;
};

using Wrong = std::optional<std::string>;

Wrong is_not(const std::string& text, std::string_view what) {
  return fmt::format("'{}' is not {}", text, what);
}

template <class Number>
Wrong read_number(Number& value, const std::string& text, std::string_view what) {
  // A leading zero means octal to some and nothing to others.
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  const bool zero = text.size() > first + 1 && text[first] == '0' && text[first + 1] != '.';
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, number);
  if (zero || fault != std::errc{} || at != end) return is_not(text, what);
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) return is_not(text, what);
  }
  value = number;
  return std::nullopt;
}

Wrong read_duration(Duration& value, const std::string& text) {
  if (const auto span = text::parse_duration(text)) {
    value = *span;
    return std::nullopt;
  }
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return is_not(text, fmt::format("a duration, try '{}'", digits ? text + "s" : "5m"));
}

Wrong read_limit(Limit& value, const std::string& text) {
  if (const auto limit = text::parse_limit(text)) {
    value = *limit;
    return std::nullopt;
  }
  return is_not(text, "a duration, try '30d' or 'never'");
}

Wrong read_size(Bytes& value, const std::string& text) {
  if (const auto size = text::parse_size(text)) {
    value = *size;
    return std::nullopt;
  }
  return is_not(text, "a size, try '64KiB'");
}

Wrong read_text(std::string& value, const std::string& text) {
  if (!text::valid_utf8(text) || text.find('\0') != text.npos)
    return "holds bytes that are no text";
  value = text;
  return std::nullopt;
}

Wrong read_choice(const Enumerated& value, const std::string& text) {
  const auto found = std::ranges::find(value.names, text);
  if (found == value.names.end()) return is_not(text, type_name(value));
  value.set(static_cast<std::size_t>(found - value.names.begin()));
  return std::nullopt;
}

std::string emit(const std::string& text) {
  YAML::Emitter out;
  out << text;
  return out.c_str();
}

std::string emit(const std::vector<std::string>& list) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::DoubleQuoted << list;
  return out.c_str();
}

std::string emit(const std::vector<Path>& paths) {
  std::vector<std::string> texts;
  for (const Path& path : paths) texts.push_back(path.value);
  return emit(texts);
}

// What a range limits. nullopt for what it does not ("never", a switch).
std::optional<double> measure(const Value& value) {
  using Measure = std::optional<double>;
  return std::visit(
      Overloaded{[](const bool*) { return Measure{}; },
                 [](const std::string* text) { return Measure(text->size()); },
                 [](const std::vector<std::string>* list) { return Measure(list->size()); },
                 [](const Duration* span) { return Measure(span->count()); },
                 [](const Limit* limit) { return *limit ? Measure((*limit)->count()) : Measure{}; },
                 [](const Secret* secret) { return Measure(secret->reveal().size()); },
                 [](const Bytes* bytes) { return Measure(bytes->value); },
                 [](const Path* path) { return Measure(path->value.size()); },
                 [](const std::vector<Path>* paths) { return Measure(paths->size()); },
                 [](const Enumerated&) { return Measure{}; },
                 [](const auto* number) { return Measure(*number); }},
      value);
}

std::string show_bound(const Value& value, double bound) {
  const auto whole = [bound] { return static_cast<std::int64_t>(bound); };
  return std::visit(
      Overloaded{
          [&](const Duration*) { return text::format_duration(Duration(whole())); },
          [&](const Limit*) { return text::format_duration(Duration(whole())); },
          [&](const Bytes*) { return text::format_size(static_cast<std::uint64_t>(whole())); },
          [&](const Enumerated&) { return std::string(); },
          [&](const auto*) { return fmt::format("{}", bound); }},
      value);
}

std::string_view unit_of(const Value& value) {
  if (std::holds_alternative<std::vector<std::string>*>(value) ||
      std::holds_alternative<std::vector<Path>*>(value)) {
    return " entries";
  }
  if (std::holds_alternative<std::string*>(value) || std::holds_alternative<Secret*>(value) ||
      std::holds_alternative<Path*>(value)) {
    return " bytes";
  }
  return "";
}

}  // namespace

std::optional<std::string> read_scalar(const Value& value, const std::string& text) {
  return std::visit(
      Overloaded{[&](bool* flag) -> Wrong {
                   if (text != "true" && text != "false") return is_not(text, "true or false");
                   *flag = text == "true";
                   return std::nullopt;
                 },
                 [&](std::string* into) { return read_text(*into, text); },
                 [&](std::vector<std::string>*) { return is_not(text, "a list"); },
                 [&](std::vector<Path>*) { return is_not(text, "a list"); },
                 [&](Duration* span) { return read_duration(*span, text); },
                 [&](Limit* limit) { return read_limit(*limit, text); },
                 [&](Secret* secret) -> Wrong {
                   if (text.empty()) return "must not be empty";
                   *secret = Secret(std::string_view(text));
                   return std::nullopt;
                 },
                 [&](Bytes* bytes) { return read_size(*bytes, text); },
                 [&](Path* path) { return read_text(path->value, text); },
                 [&](const Enumerated& choice) { return read_choice(choice, text); },
                 [&](double* number) { return read_number(*number, text, "a number"); },
                 [&](auto* number) { return read_number(*number, text, type_name(value)); }},
      value);
}

std::string show_yaml(const Value& value) {
  return std::visit(
      Overloaded{
          [](const bool* flag) { return std::string(*flag ? "true" : "false"); },
          [](const std::string* text) { return emit(*text); },
          [](const std::vector<std::string>* list) { return emit(*list); },
          [](const Duration* span) { return text::format_duration(*span); },
          [](const Limit* limit) { return text::format_limit(*limit); },
          [](const Secret*) { return std::string(); },
          [](const Bytes* bytes) { return text::format_size(bytes->value); },
          [](const Path* path) { return emit(path->value); },
          [](const std::vector<Path>* paths) { return emit(*paths); },
          [](const Enumerated& choice) { return std::string(choice.names.at(choice.get())); },
          [](const auto* number) { return fmt::format("{}", *number); }},
      value);
}

bool has_content(const Value& value) {
  return std::visit(
      Overloaded{[](const std::string* text) { return !text->empty(); },
                 [](const std::vector<std::string>* list) { return !list->empty(); },
                 [](const Secret*) { return false; },
                 [](const Path* path) { return !path->empty(); },
                 [](const std::vector<Path>* paths) { return !paths->empty(); },
                 [](const Enumerated&) { return true; }, [](const auto*) { return true; }},
      value);
}

std::string type_name(const Value& value) {
  return std::visit(
      Overloaded{[](const bool*) { return std::string("true or false"); },
                 [](const std::string*) { return std::string("a text"); },
                 [](const std::vector<std::string>*) { return std::string("a list of texts"); },
                 [](const Duration*) { return std::string("a duration"); },
                 [](const Limit*) { return std::string("a duration or never"); },
                 [](const Secret*) { return std::string("a secret"); },
                 [](const Bytes*) { return std::string("a size"); },
                 [](const Path*) { return std::string("a path"); },
                 [](const std::vector<Path>*) { return std::string("a list of paths"); },
                 [](const Enumerated& choice) {
                   return fmt::format("one of {}", fmt::join(choice.names, ", "));
                 },
                 [](const double*) { return std::string("a number"); },
                 [](const auto*) { return std::string("a whole number"); }},
      value);
}

std::string show_range(const Option& option) {
  if (!option.range) return "";
  return fmt::format("{} to {}{}", show_bound(option.value, option.range->lo),
                     show_bound(option.value, option.range->hi), unit_of(option.value));
}

std::optional<std::string> check_range(const Option& option) {
  const auto measured = measure(option.value);
  if (!option.range || !measured) return std::nullopt;
  if (*measured >= option.range->lo && *measured <= option.range->hi) return std::nullopt;
  if (const auto unit = unit_of(option.value); !unit.empty()) {
    return fmt::format("has {}{}, allowed are {}", *measured, unit, show_range(option));
  }
  return fmt::format("'{}' is outside {}", show_yaml(option.value), show_range(option));
}

}  // namespace latchkey::config
