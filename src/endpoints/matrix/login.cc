// GET and POST /login (spec "Legacy login").

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

constexpr std::string_view kFlows = R"({"flows":[{"type":"m.login.password"}]})";

Task<http::Response> get_flows(const http::Request&) {
  http::Response response;
  response.body = kFlows;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Vary", "Authorization");
  co_return response;
}

// The user of an m.id.user identifier, or of the deprecated top-level `user`. Reports to `fields`
// what cannot be read.
std::string read_user(text::Fields& fields) {
  auto identifier = fields.optional_fields("identifier");
  if (!identifier) return std::string(fields.required_string("user", kLongestName));
  const auto type = identifier->required_string("type");
  if (!fields.error() && type != "m.id.user") {
    identifier->refuse("type", text::FieldError::Kind::out_of_range,
                       "this server signs in users by m.id.user");
  }
  return std::string(identifier->required_string("user", kLongestName));
}

Task<http::Response> post_login(const Api& api, const http::Request& request) {
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const auto type = fields.required_string("type");
  if (fields.error()) co_return refusal(*fields.error());
  if (type != "m.login.password") {
    co_return error(400, "M_UNKNOWN", "This server does not know this login type.");
  }
  signin::PasswordLogin login{.user = read_user(fields),
                              .password = std::string(fields.required_string("password")),
                              .session = read_new_session(fields, request)};
  if (fields.error()) co_return refusal(*fields.error());

  const auto signed_in = co_await api.password_signin.login(request.worker, std::move(login));
  if (!signed_in) co_return refusal(signed_in.error(), api.public_url);
  boost::json::object answer{
      {"user_id", accounts::matrix_id(signed_in->localpart, api.server_name)},
      {"device_id", signed_in->device_id},
      {"home_server", api.server_name}};
  put_tokens(answer, signed_in->tokens);
  co_return secret_answer(answer);
}

}  // namespace

void mount_login(http::Router& router, const Api& api) {
  add(router, http::Method::get, "/login", get_flows);
  add(router, http::Method::post, "/login",
      [&api](const http::Request& request) { return post_login(api, request); });
}

}  // namespace latchkey::matrix
