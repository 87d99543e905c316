// POST /register (spec "Legacy account registration").

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/mount.h"
#include "platform/crypto/random.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;

constexpr std::string_view kDummy = "m.login.dummy";

// The challenge of user-interactive authentication. It refuses no token, so it has no
// soft_logout. The only stage asks nothing of the person, so its session holds nothing either
// and need not be remembered.
http::Response challenge(std::optional<std::string_view> session, std::string_view errcode = {},
                         std::string_view sentence = {}) {
  json::object body{
      {"flows", json::array{json::object{{"stages", json::array{kDummy}}}}},
      {"params", json::object{}},
      {"completed", json::array{}},
      {"session", session ? std::string(*session) : crypto::random_text(crypto::kBase62, 24)}};
  if (!errcode.empty()) {
    body["errcode"] = errcode;
    body["error"] = sentence;
  }
  http::Response response;
  response.status = 401;
  response.body = json::serialize(body);
  return response;
}

// Absent: the stage was passed.
std::optional<http::Response> authenticate(text::Fields& fields) {
  auto auth = fields.optional_fields("auth");
  if (fields.error()) return refusal(*fields.error());
  if (!auth) return challenge(std::nullopt);
  const auto session = auth->optional_string("session", kLongestName);
  const auto type = auth->optional_string("type", kLongestName);
  if (fields.error()) return refusal(*fields.error());
  if (!type) return challenge(session);
  if (*type == kDummy) return std::nullopt;
  return challenge(session, "M_UNRECOGNIZED", "This server does not offer this stage.");
}

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

http::Response answer(const Api& api, const signin::Registered& registered) {
  json::object body{{"user_id", accounts::matrix_id(registered.localpart, api.server_name)},
                    {"home_server", api.server_name}};
  if (registered.signed_in) {
    body["device_id"] = registered.signed_in->device_id;
    put_tokens(body, registered.signed_in->tokens);
  }
  return secret_answer(body);
}

Task<http::Response> post_register(const Api& api, const http::Request& request) {
  if (auto response = refuse_kind(request)) co_return *response;
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const auto username = fields.optional_string("username");
  const auto password = fields.optional_string("password");
  signin::NewAccount wanted{
      .username = username ? std::optional<std::string>(*username) : std::nullopt,
      .password = std::string(password.value_or("")),
      .inhibit_login = fields.optional_bool("inhibit_login").value_or(false),
      .session = read_new_session(fields, request)};
  if (fields.error()) co_return refuse_field(*fields.error());

  // The spec wants these before the user-interactive authentication.
  if (const auto refused = co_await api.registration.refuse(wanted.username)) {
    co_return refusal(*refused);
  }
  if (auto response = authenticate(fields)) co_return *response;
  if (!password) co_return error(400, "M_MISSING_PARAM", "password: is missing");

  const auto registered = co_await api.registration.create(request.worker, std::move(wanted));
  if (!registered) co_return refusal(registered.error());
  co_return answer(api, *registered);
}

}  // namespace

void mount_register(http::Router& router, const Api& api) {
  add(router, http::Method::post, "/register",
      [&api](const http::Request& request) { return post_register(api, request); });
}

}  // namespace latchkey::matrix
