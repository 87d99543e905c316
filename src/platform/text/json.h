#pragma once

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

// JSON from outside, read strictly (RFC 8259 and I-JSON, RFC 7493).
namespace latchkey::text {

struct JsonError {
  enum class Kind {
    not_json,   // not JSON at all, bad UTF-8 included; Matrix M_NOT_JSON
    bad_shape,  // JSON, but not an object, with a key twice, or too deep; Matrix M_BAD_JSON
  };
  Kind kind;
  std::string sentence;
};

struct JsonLimits {
  std::size_t max_depth = 16;  // the object itself is 1
};

// The object that is all of `body` (white space around it is fine). The caller bounds the size
// of `body`. Keys twice in one object are refused at any depth, for two readers would differ.
std::expected<boost::json::object, JsonError> parse_object(std::string_view body,
                                                           JsonLimits limits = {},
                                                           boost::json::storage_ptr storage = {});

// The member of that name, where it is a text; empty: there is none. Good as long as the object.
std::string_view text_of(const boost::json::object& object, std::string_view name);

}  // namespace latchkey::text
