#include "platform/text/json.h"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace latchkey::text {
namespace {

namespace json = boost::json;
using Code = json::error_code;

// Builds the value from the parser's events. Boost's own handler keeps the last of several
// members of one name, which hides them from us.
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  explicit Builder(json::storage_ptr of) : storage(std::move(of)), text(storage) {}

  template <class T>
  bool add(T&& made, Code& fault) {
    json::value value(std::forward<T>(made), storage);
    if (open.empty()) {
      whole.emplace(std::move(value));
      return true;
    }
    if (auto* array = open.back().if_array()) {
      array->push_back(std::move(value));
      return true;
    }
    const json::string key = std::move(keys.back());
    keys.pop_back();
    if (open.back().get_object().emplace(key, std::move(value)).second) return true;
    return refuse("a key occurs twice in one object", fault);
  }

  bool close(Code& fault) {
    json::value value = std::move(open.back());
    open.pop_back();
    return add(std::move(value), fault);
  }

  bool refuse(const char* why, Code& fault) {
    refusal = why;
    fault = json::error::syntax;
    return false;
  }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) {
    open.emplace_back(json::object(storage));
    return true;
  }
  bool on_object_end(std::size_t, Code& fault) { return close(fault); }
  bool on_array_begin(Code&) {
    open.emplace_back(json::array(storage));
    return true;
  }
  bool on_array_end(std::size_t, Code& fault) { return close(fault); }
  bool on_key_part(json::string_view part, std::size_t, Code&) {
    text.append(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Code&) {
    text.append(part);
    keys.push_back(std::exchange(text, json::string(storage)));
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Code&) {
    text.append(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Code& fault) {
    text.append(part);
    return add(std::exchange(text, json::string(storage)), fault);
  }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Code& fault) { return add(number, fault); }
  bool on_uint64(std::uint64_t number, json::string_view, Code& fault) {
    return add(number, fault);
  }
  bool on_double(double number, json::string_view, Code& fault) {
    if (!std::isfinite(number)) return refuse("a number is too large", fault);
    return add(number, fault);
  }
  bool on_bool(bool flag, Code& fault) { return add(flag, fault); }
  bool on_null(Code& fault) { return add(nullptr, fault); }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

  json::storage_ptr storage;
  json::string text;               // the string or key being read
  std::vector<json::value> open;   // objects and arrays around the place being read
  std::vector<json::string> keys;  // of those members whose values are being read
  std::optional<json::value> whole;
  const char* refusal = nullptr;
};

JsonError not_json(const char* why) { return {JsonError::Kind::not_json, why}; }
JsonError bad_shape(const char* why) { return {JsonError::Kind::bad_shape, why}; }

}  // namespace

std::expected<json::object, JsonError> parse_object(std::string_view body, JsonLimits limits,
                                                    json::storage_ptr storage) {
  json::parse_options options;
  options.max_depth = limits.max_depth;
  json::basic_parser<Builder> parser(options, std::move(storage));
  Code fault;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), fault);
  Builder& built = parser.handler();
  if (built.refusal != nullptr) return std::unexpected(bad_shape(built.refusal));
  if (fault == json::error::too_deep) return std::unexpected(bad_shape("it is nested too deeply"));
  if (fault || read < body.size()) return std::unexpected(not_json("it is not JSON"));
  if (!built.whole->is_object()) return std::unexpected(bad_shape("it is not a JSON object"));
  return std::move(built.whole->get_object());
}

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

}  // namespace latchkey::text
