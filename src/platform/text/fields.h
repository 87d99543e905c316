#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::text {

struct FieldError {
  enum class Kind {
    missing,       // Matrix M_MISSING_PARAM
    wrong_type,    // M_BAD_JSON
    too_long,      // M_INVALID_PARAM (Matrix has no better)
    bad_text,      // a U+0000, which PostgreSQL cannot hold
    out_of_range,  // a number outside its bounds
  };
  Kind kind;
  std::string field;     // with its path: "identifier.user"
  std::string sentence;  // "identifier.user: expected a string"
};

// Reads the fields of an object and keeps the first error, so that a handler can read all it
// needs and ask once:
//
//   text::Fields fields(object);
//   auto user = fields.required_string("user");
//   auto name = fields.optional_string("initial_device_display_name");
//   if (fields.error()) return refuse(*fields.error());
//
// A field that is null counts as one of the wrong type, optional ones too. Fields nobody asks
// for are ignored. What is returned points into the object, which must outlive it; in case of
// an error it is empty.
class Fields {
 public:
  static constexpr std::size_t kMaxText = 64 * 1024;  // bytes; beyond any body
  static constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

  explicit Fields(const boost::json::object& object);

  bool has(std::string_view name) const;  // null included

  // `max` in bytes of UTF-8.
  std::string_view required_string(std::string_view name, std::size_t max = kMaxText);
  std::optional<std::string_view> optional_string(std::string_view name,
                                                  std::size_t max = kMaxText);
  bool required_bool(std::string_view name);
  std::optional<bool> optional_bool(std::string_view name);
  // Whole numbers; 5.0 and 5e0 count as 5, as Matrix's canonical JSON has them.
  std::int64_t required_int(std::string_view name, std::int64_t lo = kMin, std::int64_t hi = kMax);
  std::optional<std::int64_t> optional_int(std::string_view name, std::int64_t lo = kMin,
                                           std::int64_t hi = kMax);
  const boost::json::array* required_array(std::string_view name);
  const boost::json::array* optional_array(std::string_view name);
  // A list of at most `most` strings of at most `max` bytes each.
  std::vector<std::string> required_strings(std::string_view name, std::size_t most,
                                            std::size_t max = kMaxText);
  const boost::json::object* required_object(std::string_view name);
  const boost::json::object* optional_object(std::string_view name);
  // The same as readers, which report to this one. A missing required object reads as empty.
  Fields required_fields(std::string_view name);
  std::optional<Fields> optional_fields(std::string_view name);

  // Refuses a field for a reason of the caller's, unless there is an error already.
  void refuse(std::string_view name, FieldError::Kind kind, std::string_view reason);

  // The first error so far, of nested readers too.
  const std::optional<FieldError>& error() const { return *error_; }

 private:
  Fields(const boost::json::object& object, std::string prefix,
         std::shared_ptr<std::optional<FieldError>> error);
  const boost::json::value* find(std::string_view name, bool required);
  std::optional<std::string_view> string_of(std::string_view name, bool required, std::size_t max);
  std::optional<bool> bool_of(std::string_view name, bool required);
  std::optional<std::int64_t> int_of(std::string_view name, bool required, std::int64_t lo,
                                     std::int64_t hi);
  const boost::json::array* array_of(std::string_view name, bool required);
  const boost::json::object* object_of(std::string_view name, bool required);

  const boost::json::object* object_;
  std::string prefix_;
  std::shared_ptr<std::optional<FieldError>> error_;
};

}  // namespace latchkey::text
