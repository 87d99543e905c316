#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/text/fields.h"
#include "platform/text/json.h"
#include "platform/text/utf8.h"

namespace {

using latchkey::text::FieldError;
using latchkey::text::Fields;
using latchkey::text::JsonError;

void require(bool held) {
  if (!held) std::abort();
}

// Boost 1.81 reads fractions inexactly, so one that was written may come back as its neighbour.
void drop_fractions(boost::json::value& value) {
  if (value.is_double()) value = 0;
  if (auto* list = value.if_array()) {
    for (auto& entry : *list) drop_fractions(entry);
  }
  if (auto* object = value.if_object()) {
    for (auto& member : *object) drop_fractions(member.value());
  }
}

bool same_but_for_fractions(boost::json::value a, boost::json::value b) {
  drop_fractions(a);
  drop_fractions(b);
  return a == b;
}

// Reads every field as each type: at most one of them fits, and an error names its field.
void read_fields(const boost::json::object& object) {
  for (const auto& [key, value] : object) {
    const std::string_view name(key.data(), key.size());
    Fields fields(object);
    const bool text = fields.optional_string(name, 100).has_value();
    const bool flag = fields.optional_bool(name).has_value();
    const bool number = fields.optional_int(name, -1000, 1000).has_value();
    const bool list = fields.optional_array(name) != nullptr;
    require(text + flag + number + list <= 1);
    if (text) require(value.as_string().size() <= 100 && value.as_string().find('\0') == name.npos);
    if (number) require(value.is_number());
    if (const auto inner = fields.optional_fields(name)) read_fields(value.as_object());
    require(fields.error().has_value());
    require(fields.error()->kind != FieldError::Kind::missing);
    require(fields.error()->field == name);
  }
}

}  // namespace

// Whatever is accepted means the same to Boost's own parser, survives being written and read
// again, and is UTF-8 throughout. What is called "not JSON" is that to Boost as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto object = latchkey::text::parse_object(body);
  boost::json::parse_options options;
  options.max_depth = 16;
  boost::json::error_code fault;
  const auto expected = boost::json::parse(body, fault, {}, options);
  if (!object) {
    if (object.error().kind == JsonError::Kind::not_json) require(fault.failed());
    return 0;
  }
  require(!fault.failed() && expected == boost::json::value(*object));
  require(latchkey::text::valid_utf8(body));
  const auto again = latchkey::text::parse_object(boost::json::serialize(*object));
  require(again.has_value() && same_but_for_fractions(*again, *object));
  read_fields(*object);
  return 0;
}
