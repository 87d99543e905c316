#include "platform/config/core_schema.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace latchkey::config {
namespace {

namespace json = boost::json;
using Value = std::optional<json::value>;

bool among(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

void skip_sign(std::string_view& text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
}

// Whether `text` began with digits, which are gone now.
bool skip_digits(std::string_view& text) {
  const auto end = text.find_first_not_of("0123456789");
  const std::size_t digits = end == text.npos ? text.size() : end;
  text.remove_prefix(digits);
  return digits > 0;
}

bool looks_like_integer(std::string_view text) {
  skip_sign(text);
  return skip_digits(text) && text.empty();
}

bool looks_like_float(std::string_view text) {
  skip_sign(text);
  const bool whole = skip_digits(text);
  bool fraction = false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = skip_digits(text);
  }
  if (!whole && !fraction) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    skip_sign(text);
    if (!skip_digits(text)) return false;
  }
  return text.empty();
}

bool looks_infinite(std::string_view text) {
  if (among(text, {".nan", ".NaN", ".NAN"})) return true;
  skip_sign(text);
  return among(text, {".inf", ".Inf", ".INF"});
}

// All of `text`, if the type holds it. std::from_chars knows no plus.
template <class Number, class... Format>
std::optional<Number> number(std::string_view text, Format... format) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, value, format...);
  if (fault != std::errc{} || at != end) return std::nullopt;
  return value;
}

Value integer(std::string_view text, int base) {
  if (const auto value = number<std::int64_t>(text, base)) return json::value(*value);
  if (const auto value = number<std::uint64_t>(text, base)) return json::value(*value);
  return std::nullopt;
}

}  // namespace

Value read_plain_scalar(std::string_view text) {
  if (among(text, {"", "~", "null", "Null", "NULL"})) return json::value(nullptr);
  if (among(text, {"true", "True", "TRUE"})) return json::value(true);
  if (among(text, {"false", "False", "FALSE"})) return json::value(false);
  if (looks_like_integer(text)) return integer(text, 10);
  const std::string_view digits = text.substr(std::min<std::size_t>(2, text.size()));
  if (!digits.empty() && text.starts_with("0o") &&
      digits.find_first_not_of("01234567") == digits.npos) {
    return integer(digits, 8);
  }
  if (!digits.empty() && text.starts_with("0x") &&
      digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos) {
    return integer(digits, 16);
  }
  if (looks_like_float(text)) {
    const auto value = number<double>(text);
    return value ? Value(json::value(*value)) : std::nullopt;
  }
  if (looks_infinite(text)) return std::nullopt;
  return json::value(json::string(text));
}

json::value read_yaml11_scalar(std::string_view text) {
  if (among(text, {"yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (among(text, {"no", "No", "NO", "off", "Off", "OFF"})) return false;
  std::string digits(text);
  std::erase(digits, '_');
  std::string_view unsigned_text = digits;
  skip_sign(unsigned_text);
  const bool begins_with_digit = !text.starts_with('_') && !unsigned_text.empty();
  // After a zero come the digits of an octal, or it is a text.
  if (unsigned_text.size() > 1 && unsigned_text.starts_with('0') && looks_like_integer(digits) &&
      unsigned_text.find_first_of("89") != unsigned_text.npos) {
    return json::value(json::string(text));
  }
  const bool binary = unsigned_text.starts_with("0b") && unsigned_text.size() > 2 &&
                      unsigned_text.find_first_not_of("01", 2) == unsigned_text.npos;
  if (begins_with_digit && (binary || looks_like_integer(digits))) {
    return integer(digits, 10).value_or(0);
  }
  // Core's, except floats without a point, and octals of its own spelling.
  if (looks_like_float(text) && !text.contains('.')) return json::value(json::string(text));
  if (text.starts_with("0o")) return json::value(json::string(text));
  return read_plain_scalar(text).value_or(0);
}

}  // namespace latchkey::config
