#include "endpoints/matrix/confirm.h"

#include <boost/json/array.hpp>
#include <utility>

#include "endpoints/matrix/body.h"
#include "endpoints/matrix/refusals.h"
#include "platform/text/fields.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;
using confirm::AuthFailure;
using confirm::Stage;

struct Words {
  std::string_view errcode;
  std::string_view sentence;
};

Words words_of(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::wrong_password:
      return {"M_FORBIDDEN", "The password is wrong."};
    case AuthFailure::wrong_token:
      return {"M_UNAUTHORIZED", "This registration token is not valid."};
    case AuthFailure::not_confirmed:
      return {"M_UNAUTHORIZED",
              "Nothing is sent for this stage: its page leads to the identity provider, and when "
              "the person is back, the request is sent again with the session alone."};
    case AuthFailure::stage_unknown:
      return {"M_UNRECOGNIZED", "This server does not offer this stage here."};
    case AuthFailure::stage_out_of_turn:
      return {"M_FORBIDDEN", "Another stage comes first."};
    case AuthFailure::another_operation:
      return {"M_FORBIDDEN", "This authentication session was begun for another operation."};
    case AuthFailure::another_user:
      return {"M_FORBIDDEN", "This has to be confirmed by the user whose account it is."};
    case AuthFailure::session_over:
      break;
  }
  return {"M_FORBIDDEN",
          "This authentication session is over, or was begun for another request. Begin again."};
}

json::array names_of(const confirm::AuthFlow& stages) {
  json::array names;
  for (const Stage stage : stages) names.emplace_back(confirm::name_of(stage));
  return names;
}

// Nothing that could be tried again.
http::Response forbidden(AuthFailure failure) {
  const Words words = words_of(failure);
  return error(403, words.errcode, words.sentence);
}

// It refuses no token, so it has no soft_logout.
http::Response challenge(const Api& api, const confirm::Challenge& challenge) {
  json::array flows;
  json::object params;
  for (const confirm::AuthFlow& flow : challenge.flows) {
    flows.push_back(json::object{{"stages", names_of(flow)}});
    for (const Stage stage : flow) {
      if (stage != Stage::terms) continue;
      params[confirm::name_of(stage)] =
          json::object{{"policies", api.registration.terms().policies()}};
    }
  }
  json::object body{{"flows", std::move(flows)},
                    {"params", std::move(params)},
                    {"completed", names_of(challenge.completed)},
                    {"session", challenge.session}};
  if (challenge.failure) {
    const Words words = words_of(*challenge.failure);
    body["errcode"] = words.errcode;
    body["error"] = words.sentence;
  }
  http::Response response = secret_answer(body);
  response.status = 401;
  return response;
}

struct Answer {
  const Api& api;

  http::Response operator()(const confirm::Challenge& wanted) const {
    if (wanted.failure == AuthFailure::another_operation ||
        wanted.failure == AuthFailure::another_user) {
      return forbidden(*wanted.failure);
    }
    return challenge(api, wanted);
  }
  http::Response operator()(const signin::LoginRefused& refused) const {
    return refusal(refused, api.public_url.configured());
  }
  http::Response operator()(const confirm::NoFlow&) const {
    return error(403, "M_FORBIDDEN",
                 "This account has nothing to confirm with, neither a password nor an identity "
                 "provider. Ask the administrator of this server.");
  }
};

// The fields that each stage asks for are required of it alone.
confirm::AuthData read_auth(text::Fields& auth) {
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    return copy(auth.optional_string(name, kLongestName));
  };
  confirm::AuthData data{.session = text("session"), .type = text("type")};
  const auto stage = data.type ? confirm::stage_named(*data.type) : std::nullopt;
  if (stage == Stage::password) {
    data.identifier = read_identifier(auth);
    data.password = std::string(auth.required_string("password"));
  } else if (stage == Stage::registration_token) {
    data.token = std::string(auth.required_string("token", kLongestName));
  }
  return data;
}

}  // namespace

Task<std::expected<signin::Caller, http::Response>> identify_who_confirms(
    const Api& api, const http::Request& request) {
  auto who = co_await identify(api, request);
  if (who && who->identity.grant) {
    co_return std::unexpected(
        error(403, "M_FORBIDDEN",
              "This app signed in with OAuth 2.0: do this on the account pages, " +
                  api.public_url.of("/account/")));
  }
  co_return who;
}

Task<std::expected<Asked, http::Response>> ask(const Api& api, const http::Request& request,
                                               std::string operation, json::object body,
                                               const std::optional<signin::Caller>& subject) {
  text::Fields fields(body);
  std::optional<confirm::AuthData> data;
  if (auto auth = fields.optional_fields("auth")) data = read_auth(*auth);
  if (fields.error()) co_return std::unexpected(refusal(*fields.error()));
  body.erase("auth");
  Asked asked{.request = {.operation = std::move(operation),
                          .subject = {},
                          .body = std::move(body),
                          .address = std::string(request.client_address)},
              .data = std::move(data)};
  if (subject) {
    asked.request.subject = {subject->identity.user, subject->identity.localpart};
  }
  if (asked.data && !co_await api.auth.recall(asked.request, asked.data->session)) {
    co_return std::unexpected(forbidden(AuthFailure::another_operation));
  }
  co_return asked;
}

Task<std::expected<confirm::AuthPassed, http::Response>> confirm(const Api& api,
                                                                 const Asked& asked) {
  auto passed = co_await api.auth.check(asked.request, asked.data);
  if (!passed) co_return std::unexpected(std::visit(Answer{api}, passed.error()));
  co_return std::move(*passed);
}

Task<std::expected<self::Proof, http::Response>> prove(const Api& api, const signin::Caller& who,
                                                       const Asked& asked) {
  if (who.is_service()) co_return self::proof_of_service(who);
  auto passed = co_await confirm(api, asked);
  if (!passed) co_return std::unexpected(std::move(passed.error()));
  co_return self::proof_of(who, std::move(*passed));
}

http::Response missing_member(std::string_view name) {
  return error(400, "M_MISSING_PARAM", std::string(name) + ": is missing");
}

Task<http::Response> answer_used_up(const Api& api, const confirm::AuthRequest& asked) {
  co_return std::visit(Answer{api}, co_await api.auth.begin_anew(asked));
}

Task<http::Response> answer_refused(const Api& api, const confirm::AuthRequest& asked,
                                    const self::Refused& refused) {
  if (refused.why == self::Refused::Why::confirmation_used_up) {
    co_return co_await answer_used_up(api, asked);
  }
  co_return refusal(refused, api.public_url.configured());
}

}  // namespace latchkey::matrix
