// GET and POST /auth/{type}/fallback/web (spec "Fallback"): one stage of user-interactive
// authentication as a page.

#include <fmt/format.h>

#include <algorithm>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/api.h"
#include "endpoints/matrix/errors.h"
#include "endpoints/matrix/fallback_pages.h"
#include "endpoints/request/origin.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

using signin::AuthFailure;
using signin::InteractiveAuth;
using signin::Stage;
using signin::Turn;

constexpr std::string_view kGone =
    "This page has been open for too long, or was used already. Go back to your app and begin "
    "again.";

// What the person is asked to confirm, from the operation that the session was opened for.
std::string purpose(const InteractiveAuth::Page& page, const std::string& user_id) {
  constexpr std::string_view kDevice = "DELETE /devices/";
  const std::string& operation = page.operation;
  if (operation == "POST /register") return "One more step to create your account.";
  const auto confirm = [&](std::string_view what) {
    return fmt::format("Confirm that it is you, {}, {}.", user_id, what);
  };
  if (operation == "POST /account/password") return confirm("to change your password");
  if (operation == "POST /account/deactivate") {
    return confirm(
        "to deactivate your account. Nobody can sign in to it afterwards, and its name "
        "is never given again");
  }
  if (operation == "POST /login/get_token") return confirm("to sign in on another device");
  if (operation.starts_with(kDevice)) {
    return confirm(
        fmt::format("to sign out and delete the device {}. Encrypted messages that only "
                    "it can read are lost to it",
                    operation.substr(kDevice.size())));
  }
  return confirm(
      "to sign out and delete several devices. Encrypted messages that only they can "
      "read are lost to them");
}

std::vector<FallbackPolicy> policies(const Api& api, const http::Form* sent) {
  std::vector<FallbackPolicy> list;
  for (const auto& [id, details] : api.registration.terms().policies()) {
    const auto& policy = details.as_object();
    const auto* document = policy.if_contains("en");
    for (const auto& entry : policy) {
      if (document == nullptr && entry.value().is_object()) document = &entry.value();
    }
    const bool ticked = sent != nullptr && std::ranges::any_of(sent->fields(), [&](const auto& f) {
                          return f.name == fallback_field::kAccepted && f.value == id;
                        });
    list.push_back({.id = id,
                    .name = std::string(document->at("name").as_string()),
                    .url = std::string(document->at("url").as_string()),
                    .ticked = ticked});
  }
  return list;
}

http::Response form_page(const Api& api, Stage stage, const InteractiveAuth::Page& page,
                         FallbackForm form, const http::Form* sent) {
  const std::string user_id =
      page.localpart.empty() ? "" : accounts::matrix_id(page.localpart, api.server_name);
  form.purpose = purpose(page, user_id);
  switch (stage) {
    case Stage::password:
      return password_page(api.pages, form, user_id);
    case Stage::registration_token:
      return registration_token_page(api.pages, form);
    case Stage::terms:
      return terms_page(api.pages, form, policies(api, sent));
    case Stage::dummy:
      break;
  }
  return dummy_page(api.pages, form);
}

// What is to be shown instead of the form; absent: the form.
std::optional<http::Response> instead(const Api& api,
                                      const std::optional<InteractiveAuth::Page>& page) {
  if (!page) return gone_page(api.pages, kGone);
  if (page->turn == Turn::passed_already) return done_page(api.pages);
  if (page->turn == Turn::now) return std::nullopt;
  return gone_page(api.pages, page->turn == Turn::later
                                  ? "Another step comes before this one. Go back to your app."
                                  : "This step is not asked for. Go back to your app.");
}

std::string field(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  return value ? std::string(value->value_or("")) : std::string();
}

// The stage and session that a person has come for, or what they are shown instead.
struct Asked {
  Stage stage;
  std::string session;
  InteractiveAuth::Page page;
};
Task<std::expected<Asked, http::Response>> ask(
    const Api& api, const http::Request& request,
    const std::expected<http::Form, http::FormError>& sent) {
  const auto stage = signin::stage_named(request.parameters[0]);
  if (!stage || !sent) co_return std::unexpected(gone_page(api.pages, kGone));
  std::string session = field(*sent, fallback_field::kSession);
  const auto page = co_await api.auth.look(session, *stage);
  if (auto response = instead(api, page)) co_return std::unexpected(std::move(*response));
  co_return Asked{*stage, std::move(session), *page};
}

Task<http::Response> get_page(const Api& api, const http::Request& request) {
  const auto asked = co_await ask(api, request, http::Form::parse(request.query));
  if (!asked) co_return asked.error();
  co_return form_page(api, asked->stage, asked->page, {.session = asked->session}, nullptr);
}

struct Wrong {
  int status;
  std::string sentence;
  std::optional<Duration> retry_after;
};

Wrong wrong(const std::variant<AuthFailure, signin::LoginRefused>& refused) {
  if (const auto* login = std::get_if<signin::LoginRefused>(&refused)) {
    return {429, "Too many attempts. Wait a moment and try again.", login->retry_after};
  }
  const bool password = std::get<AuthFailure>(refused) == AuthFailure::wrong_password;
  return {403, password ? "The password is wrong." : "This registration token is not valid.", {}};
}

Task<http::Response> post_page(const Api& api, const http::Request& request) {
  const auto sent = http::Form::parse(request.body);
  const auto asked = co_await ask(api, request, sent);
  if (!asked) co_return asked.error();
  const auto again = [&](int status, std::string sentence) {
    return form_page(api, asked->stage, asked->page,
                     {.session = asked->session, .error = std::move(sentence), .status = status},
                     &*sent);
  };
  if (asked->stage == Stage::terms &&
      !std::ranges::all_of(policies(api, &*sent), &FallbackPolicy::ticked)) {
    co_return again(400, "To go on you have to agree to each document.");
  }
  const signin::AuthData data{.password = field(*sent, fallback_field::kPassword),
                              .token = field(*sent, fallback_field::kToken)};
  const auto refused = co_await api.auth.pass(asked->session, asked->stage, data,
                                              std::string(request.client_address));
  if (!refused) co_return done_page(api.pages);
  const auto* failure = std::get_if<AuthFailure>(&*refused);
  if (failure != nullptr && *failure == AuthFailure::session_over) {
    co_return gone_page(api.pages, kGone);
  }
  const Wrong answer = wrong(*refused);
  http::Response response = again(answer.status, answer.sentence);
  if (answer.retry_after) request::put_retry_after(response, *answer.retry_after);
  co_return response;
}

}  // namespace

void mount_fallback(request::Routes& routes, const Api& api) {
  for (const std::string version : {"r0", "v3"}) {
    const std::string path = "/_matrix/client/" + version + "/auth/{type}/fallback/web";
    routes.add(http::Method::get, path,
               [&api](const http::Request& request) { return get_page(api, request); });
    routes.add(http::Method::post, path,
               [&api](const http::Request& request) { return post_page(api, request); });
  }
}

}  // namespace latchkey::matrix
