#include "platform/config/value.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "platform/config/suggestion.h"
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

bool within(const std::optional<Range>& range, double measured) {
  return !range || (measured >= range->lo && measured <= range->hi);
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// "1_000", "1,000" and "1'000" as their digits.
std::string without_separators(std::string text) {
  if (text.find_first_of("0123456789") == 0) {
    std::erase_if(text, [](char c) { return c == '_' || c == ',' || c == '\''; });
  }
  return text;
}

template <class Number>
Wrong read_number(Number& value, const std::string& text, std::string_view what,
                  const std::optional<Range>& range) {
  // A leading zero means octal to some and nothing to others.
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  const bool zero = text.size() > first + 1 && text[first] == '0' && text[first + 1] != '.';
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, number);
  const bool finite = [&] {
    if constexpr (std::is_floating_point_v<Number>) return std::isfinite(number);
    return true;
  }();
  if (!zero && fault == std::errc{} && at == end && finite) {
    value = number;
    return std::nullopt;
  }
  if (std::is_integral_v<Number> && all_digits(std::string_view(text).substr(first)) && !zero) {
    const char* const far = first == 0 ? "large" : std::is_signed_v<Number> ? "small" : "";
    return *far == '\0' ? fmt::format("'{}' is negative, try '{}'", text, value)
                        : fmt::format("'{}' is too {}, try '{}'", text, far, value);
  }
  std::string meant = fmt::format("{}", value);
  const std::string digits = without_separators(text);
  if (const auto size = text::parse_size(digits);
      size && std::is_integral_v<Number> && within(range, static_cast<double>(*size))) {
    meant = fmt::format("{}", *size);  // 64KiB of bytes, 1_000, 010
  }
  return is_not(text, fmt::format("{}, try '{}'", what, meant));
}

// "5 minutes", "30 days", "1 hour" as this program writes them.
std::optional<Duration> spelled_out(const std::string& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::size_t word = std::min(text.find_first_not_of(' ', digits), text.size());
  const std::string unit = lower(text.substr(word));
  struct Name {
    std::string_view word;
    std::string_view unit;
  };
  static constexpr Name names[] = {{"ms", "ms"}, {"msec", "ms"}, {"millisecond", "ms"},
                                   {"s", "s"},   {"sec", "s"},   {"second", "s"},
                                   {"m", "m"},   {"min", "m"},   {"minute", "m"},
                                   {"h", "h"},   {"hr", "h"},    {"hour", "h"},
                                   {"d", "d"},   {"day", "d"},   {"w", "w"},
                                   {"week", "w"}};
  const auto named = [&](std::string_view wanted) {
    return std::ranges::find(names, wanted, &Name::word);
  };
  auto found = named(unit);
  if (found == std::end(names) && unit.ends_with('s')) {
    found = named(std::string_view(unit).substr(0, unit.size() - 1));
  }
  if (digits == 0 || found == std::end(names)) return std::nullopt;
  return text::parse_duration(text.substr(0, digits) + std::string(found->unit));
}

// What may have been meant by a text that is no duration, within the range: a bare number has two
// units at most that fit. Otherwise `fallback`, or what is allowed nearest to it.
std::string proposed_duration(const std::string& text, Duration fallback,
                              const std::optional<Range>& range) {
  const auto fits = [&](Duration span) { return within(range, static_cast<double>(span.count())); };
  if (const auto span = spelled_out(text); span && fits(*span)) {
    return fmt::format("'{}'", text::format_duration(*span));
  }
  std::vector<std::string> proposed;
  if (all_digits(text)) {
    for (const char* unit : {"s", "m", "h", "d", "ms"}) {
      const auto span = text::parse_duration(text + unit);
      if (span && fits(*span) && proposed.size() < 2) {
        proposed.push_back(fmt::format("'{}{}'", text, unit));
      }
    }
  }
  if (!proposed.empty()) return fmt::format("{}", fmt::join(proposed, " or "));
  if (range) {
    fallback = std::clamp(fallback, Duration(static_cast<std::int64_t>(range->lo)),
                          Duration(static_cast<std::int64_t>(range->hi)));
  }
  return fmt::format("'{}'", text::format_duration(fallback));
}

Wrong read_duration(Duration& value, const std::string& text, const std::optional<Range>& range) {
  if (const auto span = text::parse_duration(text)) {
    value = *span;
    return std::nullopt;
  }
  return is_not(text, "a duration, try " + proposed_duration(text, value, range));
}

Wrong read_limit(Limit& value, const std::string& text, const std::optional<Range>& range) {
  if (const auto limit = text::parse_limit(text)) {
    value = *limit;
    return std::nullopt;
  }
  return is_not(text, fmt::format("a duration, try {} or 'never'",
                                  proposed_duration(
                                      text, value.value_or(std::chrono::hours{24 * 30}), range)));
}

// "64KB", "64 kib" and "64k" as this program writes them.
Wrong read_size(Bytes& value, const std::string& text, const std::optional<Range>& range) {
  if (const auto size = text::parse_size(text)) {
    value = *size;
    return std::nullopt;
  }
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::size_t word = std::min(text.find_first_not_of(' ', digits), text.size());
  std::string unit;
  if (word < text.size()) {
    const char letter = text[word] >= 'a' ? static_cast<char>(text[word] - 'a' + 'A') : text[word];
    if (letter == 'K' || letter == 'M' || letter == 'G') unit = std::string{letter} + "iB";
  }
  const auto meant = text::parse_size(text.substr(0, digits) + unit);
  const bool fits =
      digits > 0 && !unit.empty() && meant && within(range, static_cast<double>(*meant));
  return is_not(text,
                fmt::format("a size, try '{}'", text::format_size(fits ? *meant : value.value)));
}

Wrong read_flag(bool& value, const std::string& text) {
  if (text == "true" || text == "false") {
    value = text == "true";
    return std::nullopt;
  }
  const std::string plain = lower(text);
  for (const char* word : {"yes", "on", "1", "y", "true", "enabled"}) {
    if (plain == word) return is_not(text, "true or false, try 'true'");
  }
  for (const char* word : {"no", "off", "0", "n", "false", "disabled"}) {
    if (plain == word) return is_not(text, "true or false, try 'false'");
  }
  return is_not(text, "true or false");
}

Wrong read_text(std::string& value, const std::string& text) {
  if (!text::valid_utf8(text) || text.find('\0') != text.npos)
    return "holds bytes that are no text";
  value = text;
  return std::nullopt;
}

Wrong read_choice(const Enumerated& value, const std::string& text) {
  const auto found = std::ranges::find(value.names, text);
  if (found == value.names.end()) {
    std::string wrong = type_name(value);
    if (const auto meant = suggest(text, {value.names.begin(), value.names.end()})) {
      wrong += fmt::format(", did you mean '{}'?", *meant);
    }
    return is_not(text, wrong);
  }
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

std::optional<std::string> read_scalar(const Value& value, const std::string& text,
                                       const std::optional<Range>& range) {
  return std::visit(
      Overloaded{[&](bool* flag) -> Wrong { return read_flag(*flag, text); },
                 [&](std::string* into) { return read_text(*into, text); },
                 [&](std::vector<std::string>*) { return is_not(text, "a list"); },
                 [&](std::vector<Path>*) { return is_not(text, "a list"); },
                 [&](Duration* span) { return read_duration(*span, text, range); },
                 [&](Limit* limit) { return read_limit(*limit, text, range); },
                 [&](Secret* secret) -> Wrong {
                   if (text.empty()) return "must not be empty";
                   *secret = Secret(std::string_view(text));
                   return std::nullopt;
                 },
                 [&](Bytes* bytes) { return read_size(*bytes, text, range); },
                 [&](Path* path) { return read_text(path->value, text); },
                 [&](const Enumerated& choice) { return read_choice(choice, text); },
                 [&](double* number) { return read_number(*number, text, "a number", range); },
                 [&](auto* number) { return read_number(*number, text, type_name(value), range); }},
      value);
}

std::string show_yaml(const std::vector<std::string>& list) { return emit(list); }

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
    const std::string_view one = unit == " entries" ? " entry" : " byte";
    return fmt::format("has {}{}, allowed are {}", *measured, *measured == 1 ? one : unit,
                       show_range(option));
  }
  return fmt::format("'{}' is outside {}", show_yaml(option.value), show_range(option));
}

}  // namespace latchkey::config
