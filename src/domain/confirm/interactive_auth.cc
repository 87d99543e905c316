#include "domain/confirm/interactive_auth.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "domain/accounts/registration_tokens.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/random.h"
#include "platform/text/base64.h"
#include "platform/text/canonical_json.h"
#include "platform/text/json.h"
#include "platform/text/ulid.h"

namespace latchkey::confirm {
namespace {

// The stage in which a person is authenticated by each method.
constexpr std::pair<signin::AuthMethod, Stage> kConfirmedBy[] = {
    {signin::AuthMethod::password, Stage::password},
    {signin::AuthMethod::provider, Stage::sso},
};

constexpr std::size_t kSessionIdLength = 24;  // of base62: 142 bits

// A larger body is remembered by its digest: it is still what was confirmed, but has to be sent
// whole each time. So a row stays small, whoever opens how many.
constexpr std::size_t kMostRemembered = 4 * 1024;

// What is remembered of a body, or two of them compared by.
std::string remembered(const boost::json::object& body) {
  std::string text = text::canonical_json(body);
  return text.size() <= kMostRemembered ? text : text::encode_base64url(crypto::sha256(text));
}

// `sent`, and of what is remembered the members that it leaves out.
boost::json::object completed_by(std::string_view kept, const boost::json::object& sent) {
  boost::json::object body = sent;
  if (const auto before = text::parse_object(kept)) {
    for (const auto& [name, value] : *before) body.emplace(name, value);  // not over what is there
  }
  return body;
}

AuthPassed passed_with(const AuthSession& session, bool stored) {
  AuthPassed passed;
  if (stored) passed.hash = session.hash;
  passed.subject = session.user;
  passed.registration_token = session.registration_token;
  passed.terms = std::ranges::count(session.completed, Stage::terms) > 0;
  return passed;
}

std::optional<UserId> user_of(const AuthRequest& request) {
  return request.subject ? std::optional(request.subject->id) : std::nullopt;
}

}  // namespace

Task<std::vector<AuthFlow>> InteractiveAuth::flows_of(const std::optional<Subject>& subject) {
  if (!subject) co_return registration_flows_;
  if (passwords_.methods().empty()) co_return std::vector<AuthFlow>();
  co_return co_await ground_.db.read([&](db::Tx& tx) { return flows_of(tx, subject->id); });
}

std::vector<AuthFlow> InteractiveAuth::flows_of(db::Tx& tx, UserId user) const {
  std::vector<AuthFlow> flows;
  const auto methods = methods_of(tx, user);
  for (const auto& [method, stage] : kConfirmedBy) {
    if (methods.contains(method)) flows.push_back({stage});
  }
  return flows;
}

Task<bool> InteractiveAuth::can_confirm(UserId id) {
  co_return !(co_await flows_of(Subject{id, {}})).empty();
}

signin::AuthMethods InteractiveAuth::methods_of(db::Tx& tx, UserId id) const {
  const auto user = accounts::find_user_by_id(tx, id);
  if (!user) return {};
  return passwords_.methods_of(*user, providers::links_of(tx, id));
}

AuthSession InteractiveAuth::fresh(const AuthRequest& request, std::string_view session_id) const {
  return {.hash = auth_session_hash(session_id),
          .operation = request.operation,
          .user = user_of(request),
          .body = seal_body(session_id, remembered(request.body)),
          .completed = {},
          .registration_token = {},
          .expires_at = ground_.clock.now() + options_.lifetime};
}

std::optional<signin::LoginRefused> InteractiveAuth::crowded(const AuthRequest& request) {
  const Time now = ground_.clock.now();
  const auto wait = request.subject
                        ? limits_.own_challenge_blocked(text::format_id(request.subject->id), now)
                        : limits_.challenge_blocked(request.address, now);
  if (!wait) return std::nullopt;
  return signin::LoginRefused{signin::LoginRefused::Why::too_many_failures, *wait};
}

Task<AuthRefused> InteractiveAuth::begin(const AuthRequest& request, std::vector<AuthFlow> flows,
                                         std::optional<AuthFailure> failure) {
  if (const auto refused = crowded(request)) co_return *refused;
  std::string id = crypto::random_text(crypto::kBase62, kSessionIdLength);
  co_await ground_.db.write([&](db::Tx& tx) { insert_auth_session(tx, fresh(request, id)); });
  co_return Challenge{std::move(flows), {}, std::move(id), failure};
}

Task<AuthRefused> InteractiveAuth::begin_anew(const AuthRequest& request) {
  co_return co_await begin(request, co_await flows_of(request.subject), AuthFailure::session_over);
}

Task<std::optional<AuthSession>> InteractiveAuth::find(std::string_view session_id) {
  auto session = co_await ground_.db.read(
      [&](db::Tx& tx) { return find_auth_session(tx, auth_session_hash(session_id)); });
  if (session && session->expires_at <= ground_.clock.now()) session.reset();
  co_return session;
}

Task<bool> InteractiveAuth::recall(AuthRequest& request,
                                   const std::optional<std::string>& session_id) {
  if (!session_id) co_return true;
  const auto session = co_await find(*session_id);
  if (!session) co_return true;
  if (session->operation != request.operation) co_return false;
  if (session->user != user_of(request)) co_return true;
  if (const auto before = unseal_body(*session_id, session->body)) {
    request.body = completed_by(*before, request.body);
  }
  co_return true;
}

Task<std::expected<AuthPassed, AuthRefused>> InteractiveAuth::check(const AuthRequest& request,
                                                                    std::optional<AuthData> data) {
  co_await sessions_.require_in_touch();
  auto flows = co_await flows_of(request.subject);
  if (flows.empty()) co_return std::unexpected(NoFlow{});
  if (!data || (!data->session && !data->type)) {
    co_return std::unexpected(co_await begin(request, std::move(flows), std::nullopt));
  }

  auto open = co_await resume_or_open(request, *data, flows);
  if (!open && open.error() == AuthFailure::session_over) {
    co_return std::unexpected(co_await begin(request, std::move(flows), AuthFailure::session_over));
  }
  if (!open) {
    co_return std::unexpected(Challenge{std::move(flows), {}, *data->session, open.error()});
  }

  const AuthFlow before = open->session.completed;
  std::optional<AuthFailure> failure;
  if (data->type) {
    const auto stage = stage_named(*data->type);
    const auto refused = stage ? co_await try_stage(*open, *stage, *data, request.address)
                               : StageRefused(AuthFailure::stage_unknown);
    if (refused && std::holds_alternative<signin::LoginRefused>(*refused)) {
      co_return std::unexpected(std::get<signin::LoginRefused>(*refused));
    }
    if (refused) failure = std::get<AuthFailure>(*refused);
  }
  if (!failure && complete(flows, open->session.completed)) {
    AuthPassed passed = passed_with(open->session, open->stored);
    passed.user = std::move(open->checked);
    co_return passed;
  }
  if (failure == AuthFailure::another_user) {
    co_return std::unexpected(Challenge{std::move(flows), before, std::move(open->id), failure});
  }
  if (!open->stored || open->body_changed) {
    if (const auto refused = crowded(request)) co_return std::unexpected(*refused);
  }
  if (!co_await keep(*open, before)) {
    co_return std::unexpected(co_await begin(request, std::move(flows), AuthFailure::session_over));
  }
  co_return std::unexpected(Challenge{std::move(flows), std::move(open->session.completed),
                                      std::move(open->id), failure});
}

Task<std::expected<InteractiveAuth::Open, AuthFailure>> InteractiveAuth::resume_or_open(
    const AuthRequest& request, const AuthData& data, const std::vector<AuthFlow>& flows) {
  Open open{.id = {}, .session = {}, .subject = request.subject, .flows = flows};
  if (!data.session) {
    open.id = crypto::random_text(crypto::kBase62, kSessionIdLength);
    open.session = fresh(request, open.id);
    co_return open;
  }
  auto session = co_await find(*data.session);
  if (!session) co_return std::unexpected(AuthFailure::session_over);
  if (session->operation != request.operation) {
    co_return std::unexpected(AuthFailure::another_operation);
  }
  const auto before = unseal_body(*data.session, session->body);
  if (session->user != user_of(request) || !before) {
    co_return std::unexpected(AuthFailure::session_over);
  }
  open.id = *data.session;
  open.session = std::move(*session);
  open.stored = true;
  const std::string body = remembered(completed_by(*before, request.body));
  open.body_changed = body != *before;
  if (open.body_changed) {
    if (open.subject && !open.session.completed.empty()) {
      co_return std::unexpected(AuthFailure::session_over);
    }
    open.session.body = seal_body(open.id, body);
  }
  co_return open;
}

Task<bool> InteractiveAuth::keep(const Open& open, const AuthFlow& before) {
  if (open.stored && open.session.completed == before && !open.body_changed) co_return true;
  const Time now = ground_.clock.now();
  const auto write = [&](db::Tx& tx) {
    // Held from here on, so that it can be used when the other stages are passed.
    if (!open.shown_token.empty() &&
        !accounts::find_usable(tx, open.shown_token, now, open.session.hash, sessions::Lock::yes)) {
      return false;
    }
    if (open.stored) return advance_auth_session(tx, open.session, before);
    insert_auth_session(tx, open.session);
    return true;
  };
  co_return co_await ground_.db.write([&](db::Tx& tx) {
    if (write(tx)) return true;
    // Sent twice at once (a double click): the other has passed the same stage.
    const auto other = find_auth_session(tx, open.session.hash);
    return other && other->completed == open.session.completed;
  });
}

bool InteractiveAuth::redeem(db::Tx& tx, std::optional<UserId> subject, const AuthPassed& passed) {
  if (passed.subject != subject) throw std::logic_error("a confirmation of somebody else");
  if (passed.user && !signin::PasswordCheck::lock_if_unchanged(tx, *passed.user)) return false;
  // Before the registration token, so that one which the session holds is free to be used.
  if (passed.hash && !delete_auth_session(tx, *passed.hash)) return false;
  return !passed.registration_token ||
         accounts::use(tx, *passed.registration_token, ground_.clock.now());
}

Task<void> InteractiveAuth::give_up(const AuthPassed& passed) {
  if (!passed.hash) co_return;
  co_await ground_.db.write([&](db::Tx& tx) { delete_auth_session(tx, *passed.hash); });
}

Task<void> InteractiveAuth::start_over(const AuthPassed& passed) {
  if (!passed.hash) co_return;
  co_await ground_.db.write([&](db::Tx& tx) {
    auto session = find_auth_session(tx, *passed.hash);
    if (!session) return;
    const AuthFlow before = std::exchange(session->completed, {});
    session->registration_token.reset();
    advance_auth_session(tx, *session, before);
  });
}

void InteractiveAuth::purge(const Batches& batches) {
  batches.run(ground_.db, [now = ground_.clock.now()](db::Tx& tx, std::int64_t limit) {
    return delete_expired_auth_sessions(tx, now, limit);
  });
}

}  // namespace latchkey::confirm
