// POST /register (spec "Legacy account registration"), and what clients ask before it.

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/matrix.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;
using Why = registration::RegistrationRefused::Why;

constexpr std::string_view kServiceType = "m.login.application_service";

// Absent: an ordinary user is wanted.
std::optional<http::Response> refuse_kind(const http::Request& request) {
  const auto query = http::Form::parse(request.query);
  if (!query) return error(400, "M_INVALID_PARAM", "The query cannot be read.");
  const auto kind = query->only("kind");
  if (!kind) return error(400, "M_INVALID_PARAM", "kind: stands there twice");
  if (!*kind || **kind == "user") return std::nullopt;
  if (**kind == "guest") {
    return error(403, "M_GUEST_ACCESS_FORBIDDEN", "This server has no guests.");
  }
  return error(400, "M_INVALID_PARAM", "kind: expected user or guest");
}

http::Response refuse_field(const text::FieldError& fault) {
  if (fault.field == "username" && fault.kind == text::FieldError::Kind::bad_text) {
    return error(400, "M_INVALID_USERNAME", fault.sentence);
  }
  return refusal(fault);
}

// A client that finds registration closed may lead the person to where accounts are made.
std::string providers_that_register(const Api& api) {
  std::string names;
  for (const providers::Provider& provider : api.providers.all()) {
    if (!provider.options.registration) continue;
    names.append(names.empty() ? "" : ", ").append(provider.options.name);
  }
  return names;
}

http::Response refuse(const Api& api, const registration::RegistrationRefused& refused) {
  const std::string names =
      refused.why == Why::closed ? providers_that_register(api) : std::string();
  if (names.empty()) return refusal(refused);
  return error(403, "M_FORBIDDEN",
               "Accounts are made here by signing in with an identity provider: " + names + ".");
}

http::Response answer(const Api& api, const registration::Registered& registered) {
  json::object body{{"user_id", accounts::matrix_id(registered.localpart, api.server_name)},
                    {"home_server", api.server_name}};
  if (registered.signed_in) {
    body["device_id"] = registered.signed_in->device_id;
    put_tokens(body, registered.signed_in->tokens);
  }
  return secret_answer(body);
}

// What a registration session remembers: the members that are read, each of which is bounded, and
// nothing else that strangers send.
json::object known_members(const json::object& body) {
  json::object known;
  for (const std::string_view name : {"auth", "username", "password", "inhibit_login", "device_id",
                                      "initial_device_display_name", "refresh_token"}) {
    if (const auto* value = body.if_contains(name)) known[name] = *value;
  }
  return known;
}

registration::NewAccount read_account(text::Fields& fields, const http::Request& request) {
  return {.username = copy(fields.optional_string("username")),
          .password = copy(fields.optional_string("password")),
          .inhibit_login = fields.optional_bool("inhibit_login").value_or(false),
          .session = read_new_session(fields, request)};
}

// Application services register the users of their namespaces themselves, without confirmation
// (Application Service API "Server admin style permissions").
Task<http::Response> register_for_service(const Api& api, const http::Request& request,
                                          registration::NewAccount wanted) {
  const services::Service* service = service_of(api, request);
  if (service == nullptr) co_return co_await no_service(api, request);
  if (!wanted.username) co_return error(400, "M_MISSING_PARAM", "username: is missing");
  const auto registered =
      co_await api.registration.create_for(request.worker, *service, std::move(wanted));
  if (!registered) co_return refusal(registered.error());
  co_return answer(api, *registered);
}

Task<http::Response> register_person(const Api& api, const http::Request& request,
                                     const json::object& body) {
  const auto asked =
      co_await ask(api, request, "POST /register", known_members(body), std::nullopt);
  if (!asked) co_return asked.error();
  text::Fields fields(asked->request.body);
  registration::NewAccount wanted = read_account(fields, request);
  if (fields.error()) co_return refuse_field(*fields.error());
  // The specification wants these before the user-interactive authentication.
  if (const auto refused = co_await api.registration.refuse(wanted)) {
    co_return refuse(api, *refused);
  }
  auto passed = co_await confirm(api, *asked);
  if (!passed) co_return passed.error();
  if (!wanted.password) {
    co_await api.auth.start_over(*passed);
    co_return missing_member("password");
  }

  const auto registered =
      co_await api.registration.create(request.worker, std::move(wanted), std::move(*passed));
  if (registered) co_return answer(api, *registered);
  if (registered.error().why == Why::auth_used_up) {
    co_return co_await answer_used_up(api, asked->request);
  }
  co_return refusal(registered.error());
}

Task<http::Response> post_register(const Api& api, const http::Request& request) {
  if (auto response = refuse_kind(request)) co_return *response;
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const auto type = fields.optional_string("type", kLongestName);
  if (type != kServiceType && !fields.error()) {
    co_return co_await register_person(api, request, *body);
  }
  registration::NewAccount wanted = read_account(fields, request);
  if (fields.error()) co_return refuse_field(*fields.error());
  co_return co_await register_for_service(api, request, std::move(wanted));
}

// GET /register/available and GET /register/m.login.registration_token/validity: what a person
// wants to know before they fill in a form.

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
  if (const auto refused = co_await api.registration.refuse(*username)) {
    co_return refuse(api, *refused);
  }
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
  if (!valid) co_return refuse(api, valid.error());
  http::Response response;
  response.body = *valid ? R"({"valid":true})" : R"({"valid":false})";
  co_return response;
}

}  // namespace

void mount_register(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/register",
      [&api](const http::Request& request) { return post_register(api, request); });
  add(routes, http::Method::get, "/register/available",
      [&api](const http::Request& request) { return get_available(api, request); });
  add(routes, http::Method::get, "/register/m.login.registration_token/validity",
      [&api](const http::Request& request) { return get_validity(api, request); },
      {.versions = {"v1"}});
}

}  // namespace latchkey::matrix
