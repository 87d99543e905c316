#include "platform/text/canonical_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <vector>

namespace latchkey::text {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

void append(std::string& out, const json::object& object) {
  std::vector<std::string_view> keys;
  keys.reserve(object.size());
  for (const auto& entry : object) keys.push_back(entry.key());
  std::ranges::sort(keys);
  out += '{';
  for (const std::string_view key : keys) {
    if (out.back() != '{') out += ',';
    out += json::serialize(json::string_view(key));
    out += ':';
    append(out, object.at(key));
  }
  out += '}';
}

void append(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) return append(out, *object);
  const auto* array = value.if_array();
  if (array == nullptr) {
    out += json::serialize(value);
    return;
  }
  out += '[';
  for (const json::value& element : *array) {
    if (&element != array->data()) out += ',';
    append(out, element);
  }
  out += ']';
}

}  // namespace

std::string canonical_json(const json::object& object) {
  std::string out;
  append(out, object);
  return out;
}

}  // namespace latchkey::text
