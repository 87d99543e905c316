#include "endpoints/matrix/body.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "endpoints/request/origin.h"

namespace latchkey::matrix {
namespace {

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

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

std::optional<std::string> copy(std::optional<std::string_view> text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

http::Response empty_answer() {
  http::Response response;
  response.body = "{}";
  return response;
}

bool valid_device_id(std::string_view device_id) {
  return !device_id.empty() && device_id.size() <= kLongestName &&
         !has_control_character(device_id);
}

http::Response secret_answer(const boost::json::object& body) {
  http::Response response;
  response.body = boost::json::serialize(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

sessions::NewSession read_new_session(text::Fields& fields, const http::Request& request) {
  const auto device_id = fields.optional_string("device_id", kLongestName);
  if (device_id && !valid_device_id(*device_id)) {
    fields.refuse("device_id", text::FieldError::Kind::out_of_range,
                  "a device ID is not empty and has no control characters");
  }
  return {.device_id = copy(device_id),
          .device = {.display_name = std::string(
                         fields.optional_string("initial_device_display_name", kLongestName)
                             .value_or(""))},
          .refreshes = fields.optional_bool("refresh_token").value_or(false),
          .origin = request::origin_of(request)};
}

void put_tokens(boost::json::object& answer, const sessions::TokenPair& tokens) {
  answer["access_token"] = tokens.access_token;
  if (tokens.refresh_token) answer["refresh_token"] = *tokens.refresh_token;
  if (tokens.expires_in) answer["expires_in_ms"] = tokens.expires_in->count();
}

std::optional<signin::Identifier> read_identifier(text::Fields& fields) {
  if (auto identifier = fields.optional_fields("identifier")) return read_by_type(*identifier);
  if (fields.has("user")) return signin::UserName{text_of(fields, "user")};
  if (!fields.has("medium") && !fields.has("address")) return std::nullopt;
  return signin::ThirdParty{text_of(fields, "medium"), text_of(fields, "address")};
}

}  // namespace latchkey::matrix
