#include "platform/text/fields.h"

#include <boost/json/value.hpp>
#include <cmath>

namespace latchkey::text {
namespace {

using Kind = FieldError::Kind;
namespace json = boost::json;

const json::object& empty_object() {
  static const json::object empty;
  return empty;
}

// The value as a whole number, if it is one that a double or an integer holds exactly.
std::optional<std::int64_t> whole_number(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  constexpr double kBeyond = 9'223'372'036'854'775'808.0;  // 2^63
  const double* number = value.if_double();
  if (number == nullptr || std::trunc(*number) != *number) return std::nullopt;
  if (*number < -kBeyond || *number >= kBeyond) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace

Fields::Fields(const json::object& object)
    : Fields(object, "", std::make_shared<std::optional<FieldError>>()) {}

Fields::Fields(const json::object& object, std::string prefix,
               std::shared_ptr<std::optional<FieldError>> error)
    : object_(&object), prefix_(std::move(prefix)), error_(std::move(error)) {}

bool Fields::has(std::string_view name) const { return object_->contains(name); }

void Fields::refuse(std::string_view name, Kind kind, std::string_view reason) {
  if (*error_) return;
  std::string field = prefix_ + std::string(name);
  std::string sentence = field + ": " + std::string(reason);
  *error_ = FieldError{kind, std::move(field), std::move(sentence)};
}

const json::value* Fields::find(std::string_view name, bool required) {
  const json::value* value = object_->if_contains(name);
  if (value == nullptr && required) refuse(name, Kind::missing, "is missing");
  return value;
}

std::optional<std::string_view> Fields::string_of(std::string_view name, bool required,
                                                  std::size_t max) {
  const json::value* value = find(name, required);
  if (value == nullptr) return std::nullopt;
  const json::string* string = value->if_string();
  if (string == nullptr) {
    refuse(name, Kind::wrong_type, "expected a string");
    return std::nullopt;
  }
  const std::string_view text(string->data(), string->size());
  if (text.size() > max) {
    refuse(name, Kind::too_long, "is longer than " + std::to_string(max) + " bytes");
    return std::nullopt;
  }
  if (text.find('\0') != text.npos) {
    refuse(name, Kind::bad_text, "holds a character U+0000");
    return std::nullopt;
  }
  return text;
}

std::string_view Fields::required_string(std::string_view name, std::size_t max) {
  return string_of(name, true, max).value_or("");
}

std::optional<std::string_view> Fields::optional_string(std::string_view name, std::size_t max) {
  return string_of(name, false, max);
}

std::optional<bool> Fields::bool_of(std::string_view name, bool required) {
  const json::value* value = find(name, required);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  refuse(name, Kind::wrong_type, "expected true or false");
  return std::nullopt;
}

bool Fields::required_bool(std::string_view name) { return bool_of(name, true).value_or(false); }

std::optional<bool> Fields::optional_bool(std::string_view name) { return bool_of(name, false); }

std::optional<std::int64_t> Fields::int_of(std::string_view name, bool required, std::int64_t lo,
                                           std::int64_t hi) {
  const json::value* value = find(name, required);
  if (value == nullptr) return std::nullopt;
  const auto number = whole_number(*value);
  if (!number && !value->is_uint64()) {
    refuse(name, Kind::wrong_type, "expected a whole number");
    return std::nullopt;
  }
  if (!number || *number < lo || *number > hi) {
    refuse(name, Kind::out_of_range,
           "expected a number from " + std::to_string(lo) + " to " + std::to_string(hi));
    return std::nullopt;
  }
  return number;
}

std::int64_t Fields::required_int(std::string_view name, std::int64_t lo, std::int64_t hi) {
  return int_of(name, true, lo, hi).value_or(0);
}

std::optional<std::int64_t> Fields::optional_int(std::string_view name, std::int64_t lo,
                                                 std::int64_t hi) {
  return int_of(name, false, lo, hi);
}

const json::array* Fields::array_of(std::string_view name, bool required) {
  const json::value* value = find(name, required);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) refuse(name, Kind::wrong_type, "expected a list");
  return value->if_array();
}

const json::array* Fields::required_array(std::string_view name) { return array_of(name, true); }

const json::array* Fields::optional_array(std::string_view name) { return array_of(name, false); }

std::vector<std::string> Fields::required_strings(std::string_view name, std::size_t most,
                                                  std::size_t max) {
  std::vector<std::string> texts;
  const json::array* array = array_of(name, true);
  if (array == nullptr) return texts;
  if (array->size() > most)
    refuse(name, Kind::too_long, "has more than " + std::to_string(most) + " entries");
  for (const json::value& value : *array) {
    const json::string* text = value.if_string();
    if (text == nullptr) {
      refuse(name, Kind::wrong_type, "expected a list of strings");
    } else if (text->size() > max) {
      refuse(name, Kind::too_long, "an entry is longer than " + std::to_string(max) + " bytes");
    } else if (text->find('\0') != json::string::npos) {
      refuse(name, Kind::bad_text, "an entry holds a character U+0000");
    } else {
      texts.emplace_back(*text);
    }
  }
  return texts;
}

const json::object* Fields::object_of(std::string_view name, bool required) {
  const json::value* value = find(name, required);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) refuse(name, Kind::wrong_type, "expected an object");
  return value->if_object();
}

const json::object* Fields::required_object(std::string_view name) { return object_of(name, true); }

const json::object* Fields::optional_object(std::string_view name) {
  return object_of(name, false);
}

Fields Fields::required_fields(std::string_view name) {
  const json::object* object = object_of(name, true);
  return Fields(object != nullptr ? *object : empty_object(), prefix_ + std::string(name) + ".",
                error_);
}

std::optional<Fields> Fields::optional_fields(std::string_view name) {
  const json::object* object = object_of(name, false);
  if (object == nullptr) return std::nullopt;
  return Fields(*object, prefix_ + std::string(name) + ".", error_);
}

}  // namespace latchkey::text
