#include "endpoints/matrix/identifier.h"

#include "endpoints/matrix/body.h"

namespace latchkey::matrix {
namespace {

std::string text_of(text::Fields& fields, std::string_view name) {
  return std::string(fields.required_string(name, kLongestName));
}

// The first spelling of m.id.phone called the number `number`; some clients still do.
std::string number_of(text::Fields& identifier) {
  if (!identifier.has("phone") && identifier.has("number")) return text_of(identifier, "number");
  return text_of(identifier, "phone");
}

signin::Identifier read_by_type(text::Fields& identifier) {
  const auto type = identifier.required_string("type", kLongestName);
  if (type == "m.id.thirdparty") {
    return signin::ThirdParty{text_of(identifier, "medium"), text_of(identifier, "address")};
  }
  if (type == "m.id.phone") {
    return signin::Phone{text_of(identifier, "country"), number_of(identifier)};
  }
  if (type != "m.id.user") {
    identifier.refuse("type", text::FieldError::Kind::out_of_range,
                      "expected m.id.user, m.id.thirdparty or m.id.phone");
  }
  return signin::UserName{text_of(identifier, "user")};
}

}  // namespace

std::optional<signin::Identifier> read_identifier(text::Fields& fields) {
  if (auto identifier = fields.optional_fields("identifier")) return read_by_type(*identifier);
  if (fields.has("user")) return signin::UserName{text_of(fields, "user")};
  if (!fields.has("medium") && !fields.has("address")) return std::nullopt;
  return signin::ThirdParty{text_of(fields, "medium"), text_of(fields, "address")};
}

}  // namespace latchkey::matrix
