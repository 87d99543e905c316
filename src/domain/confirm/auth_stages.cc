// The stages of user-interactive authentication: what each asks for, in a request or on a page of
// its own.

#include "domain/accounts/registration_tokens.h"
#include "domain/confirm/interactive_auth.h"
#include "platform/text/utf8.h"

namespace latchkey::confirm {

Task<std::optional<InteractiveAuth::StageRefused>> InteractiveAuth::try_stage(
    Open& open, Stage stage, const AuthData& data, const std::string& address) {
  switch (turn_of(open.flows, open.session.completed, stage)) {
    case Turn::not_offered:
      co_return AuthFailure::stage_unknown;
    case Turn::later:
      co_return AuthFailure::stage_out_of_turn;
    case Turn::passed_already:  // the client did not see our answer
      co_return std::nullopt;
    case Turn::now:
      break;
  }
  if (stage == Stage::password) {
    if (const auto refused = co_await check_password(open, data, address)) co_return refused;
  } else if (stage == Stage::registration_token) {
    const Time now = ground_.clock.now();
    if (const auto wait = limits_.registration_token_blocked(address, now)) {
      co_return signin::LoginRefused{signin::LoginRefused::Why::too_many_failures, *wait};
    }
    open.shown_token = text::trimmed(data.token);
    open.session.registration_token = co_await ground_.db.read([&](db::Tx& tx) {
      return accounts::find_usable(tx, open.shown_token, now, open.session.hash);
    });
    if (!open.session.registration_token) {
      open.shown_token.clear();
      co_return AuthFailure::wrong_token;
    }
  } else if (stage == Stage::sso) {
    co_return AuthFailure::not_confirmed;
  }
  open.session.completed.push_back(stage);
  co_return std::nullopt;
}

Task<std::optional<InteractiveAuth::StageRefused>> InteractiveAuth::check_password(
    Open& open, const AuthData& data, const std::string& address) {
  // Somebody else's password is not even looked at: nobody can guess it here.
  if (data.identifier && !co_await passwords_.is_meant(*data.identifier, open.subject->id)) {
    co_return AuthFailure::another_user;
  }
  auto checked = co_await passwords_.check(
      data.identifier.value_or(signin::KnownUser{open.subject->localpart}), data.password, address);
  if (!checked && checked.error().why != signin::LoginRefused::Why::wrong_credentials) {
    co_return checked.error();
  }
  const bool same = checked && checked->account.id == open.subject->id;
  if (!same) co_return AuthFailure::wrong_password;
  open.checked = std::move(*checked);
  co_return std::nullopt;
}

Task<std::optional<InteractiveAuth::Open>> InteractiveAuth::reopen(const std::string& session_id) {
  auto session = co_await find(session_id);
  if (!session) co_return std::nullopt;
  std::optional<Subject> subject;
  if (session->user) {
    auto user = co_await ground_.db.read(
        [&](db::Tx& tx) { return accounts::find_user_by_id(tx, *session->user); });
    if (!user) co_return std::nullopt;
    subject = Subject{*session->user, std::move(user->account.localpart)};
  }
  auto flows = co_await flows_of(subject);
  co_return Open{.id = session_id,
                 .session = std::move(*session),
                 .subject = std::move(subject),
                 .flows = std::move(flows),
                 .stored = true};
}

Task<std::optional<InteractiveAuth::Page>> InteractiveAuth::look(const std::string& session_id,
                                                                 Stage stage) {
  co_await sessions_.require_in_touch();
  auto session = co_await reopen(session_id);
  if (!session) co_return std::nullopt;
  co_return Page{.operation = std::move(session->session.operation),
                 .localpart = session->subject ? session->subject->localpart : "",
                 .user = session->session.user,
                 .turn = turn_of(session->flows, session->session.completed, stage)};
}

Task<std::optional<InteractiveAuth::StageRefused>> InteractiveAuth::pass(
    const std::string& session_id, Stage stage, const AuthData& data, const std::string& address) {
  co_await sessions_.require_in_touch();
  auto session = co_await reopen(session_id);
  if (!session) co_return AuthFailure::session_over;
  const AuthFlow before = session->session.completed;
  if (auto refused = co_await try_stage(*session, stage, data, address)) co_return refused;
  if (!co_await keep(*session, before)) co_return AuthFailure::session_over;
  co_return std::nullopt;
}

bool InteractiveAuth::pass_sso(db::Tx& tx, const std::string& session_id, UserId user) {
  auto session = find_auth_session(tx, auth_session_hash(session_id));
  if (!session || session->expires_at <= ground_.clock.now() || session->user != user) return false;
  const Turn turn = turn_of(flows_of(tx, user), session->completed, Stage::sso);
  if (turn != Turn::now) return turn == Turn::passed_already;
  const AuthFlow before = session->completed;
  session->completed.push_back(Stage::sso);
  return advance_auth_session(tx, *session, before);
}

}  // namespace latchkey::confirm
