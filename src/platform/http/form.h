#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"

namespace latchkey::http {

enum class FormError {
  bad_encoding,  // a '%' without two digits, or not UTF-8, or a NUL
  too_many_fields,
};

struct Duplicated {};

// The fields of an application/x-www-form-urlencoded body or of a query string, in order.
// Stricter than browsers' own rules: what is badly encoded is refused, not mended.
class Form {
 public:
  static constexpr std::size_t kMaxFields = 100;

  struct Field {
    std::string name;
    std::string value;
  };

  static std::expected<Form, FormError> parse(std::string_view text,
                                              std::size_t max_fields = kMaxFields);

  std::span<const Field> fields() const { return fields_; }

  // The value of a field that must not come twice (RFC 6749 section 3.1); nullopt when it is
  // absent. The view is good as long as the form.
  std::expected<std::optional<std::string_view>, Duplicated> only(std::string_view name) const;

 private:
  std::vector<Field> fields_;
};

// The fields as a form or a query string carries them.
std::string encode_form(std::span<const Form::Field> fields);

// Whether the request says that its body is application/x-www-form-urlencoded, with whatever
// parameters.
bool has_form(const Request& request);

}  // namespace latchkey::http
