// GET /register/available and GET /register/m.login.registration_token/validity: what a person
// wants to know before they fill in a form.

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/mount.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

// A parameter of the query that has to be there once.
std::expected<std::string, http::Response> parameter(const http::Request& request,
                                                     std::string_view name) {
  const auto query = http::Form::parse(request.query);
  if (!query) return std::unexpected(error(400, "M_INVALID_PARAM", "The query cannot be read."));
  const auto value = query->only(name);
  const std::string field(name);
  if (!value) return std::unexpected(error(400, "M_INVALID_PARAM", field + ": stands there twice"));
  if (!*value) return std::unexpected(error(400, "M_MISSING_PARAM", field + ": is missing"));
  return std::string(**value);
}

Task<http::Response> get_available(const Api& api, const http::Request& request) {
  const auto username = parameter(request, "username");
  if (!username) co_return username.error();
  if (const auto refused = co_await api.registration.refuse(*username)) co_return refusal(*refused);
  http::Response response;
  response.body = R"({"available":true})";
  co_return response;
}

Task<http::Response> get_validity(const Api& api, const http::Request& request) {
  const auto token = parameter(request, "token");
  if (!token) co_return token.error();
  const auto valid =
      co_await api.registration.token_valid(*token, std::string(request.client_address));
  if (!valid && valid.error().why == registration::RegistrationRefused::Why::too_many) {
    co_return limit_exceeded(valid.error().retry_after,
                             "Too many registration tokens were tried. Try again later.");
  }
  if (!valid) co_return refusal(valid.error());
  http::Response response;
  response.body = *valid ? R"({"valid":true})" : R"({"valid":false})";
  co_return response;
}

}  // namespace

void mount_register_checks(request::Routes& routes, const Api& api) {
  add(routes, http::Method::get, "/register/available",
      [&api](const http::Request& request) { return get_available(api, request); });
  add(routes, http::Method::get, "/register/m.login.registration_token/validity",
      [&api](const http::Request& request) { return get_validity(api, request); },
      {.versions = {"v1"}});
}

}  // namespace latchkey::matrix
