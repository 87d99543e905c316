#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <optional>
#include <string_view>

#include "domain/signin/identifier.h"
#include "endpoints/matrix/refusals.h"
#include "platform/http/message.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

namespace latchkey::matrix {

constexpr std::size_t kLongestName = 255;  // bytes: device IDs, display names, user names

// The JSON object that is the request's body, or the answer that refuses it.
inline std::expected<boost::json::object, http::Response> json_body(const http::Request& request) {
  auto object = text::parse_object(request.body);
  if (!object) return std::unexpected(refusal(object.error()));
  return std::move(*object);
}

// The same where older clients send no body at all, which reads as an empty object.
inline std::expected<boost::json::object, http::Response> json_body_or_none(
    const http::Request& request) {
  if (request.body.empty()) return boost::json::object{};
  return json_body(request);
}

// 200 {}.
http::Response empty_answer();

// A JSON answer that holds tokens: nothing between here and the client may keep it.
http::Response secret_answer(const boost::json::object& body);

std::optional<std::string> copy(std::optional<std::string_view> text);

// Not empty, no longer than kLongestName, without control characters.
bool valid_device_id(std::string_view device_id);

// The fields that every endpoint which begins a session reads: device_id,
// initial_device_display_name and refresh_token. Errors go to `fields`.
sessions::NewSession read_new_session(text::Fields& fields, const http::Request& request);

// The `identifier` of a body (spec "Identifier types"), or the deprecated top-level `user`, or
// `medium` and `address`. Absent: none of them. Reports to `fields` what cannot be read.
std::optional<signin::Identifier> read_identifier(text::Fields& fields);

// access_token, refresh_token and expires_in_ms as every such endpoint answers them.
void put_tokens(boost::json::object& answer, const sessions::TokenPair& tokens);

}  // namespace latchkey::matrix
