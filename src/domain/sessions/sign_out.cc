// How sessions end: by their holder, by their account, by an administrator.

#include <algorithm>

#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"

namespace latchkey::sessions {
namespace {

// Whether a token of this generation may end the session: one that the client holds now, whatever
// it is worth, or an older one that is still good.
bool may_end(Question q) {
  q.any_scope = true;
  return q.generation >= q.record.seen || judge(q).active();
}

}  // namespace

bool Sessions::end_quietly(db::Tx& tx, SessionId id, Ended how, EndReason why) {
  const auto user = end_session(tx, id, how, why, clock_.now());
  if (user) events_.tell(tx, events::SessionEnded{*user, id, how, why});
  return user.has_value();
}

bool Sessions::end(db::Tx& tx, SessionId id, Ended how, EndReason why) {
  const bool ended = end_quietly(tx, id, how, why);
  if (ended) announcer_.session(tx, id);
  return ended;
}

bool Sessions::end_for_good(db::Tx& tx, const Session& session, EndReason why) {
  const bool ended = end(tx, session.record.id, Ended::for_good, why);
  if (session.record.device) end_device(tx, *session.record.device, why);
  return ended;
}

void Sessions::end_device(db::Tx& tx, DeviceKey device, EndReason why) {
  for (const SessionId id : open_sessions_of_device(tx, device)) {
    end(tx, id, Ended::for_good, why);
  }
  if (const auto deleted = delete_device(tx, device, clock_.now())) {
    events_.tell(tx, events::DeviceDeleted{deleted->user, device, deleted->id, why});
  }
}

void Sessions::end_all_of(db::Tx& tx, UserId user, EndReason why,
                          std::optional<BrowserSessionId> except) {
  for (const SessionId id : open_sessions_of_user(tx, user)) {
    end_quietly(tx, id, Ended::for_good, why);
  }
  for (const DeviceName& device : delete_devices_of_user(tx, user, clock_.now())) {
    events_.tell(tx, events::DeviceDeleted{user, device.key, device.id, why});
  }
  announcer_.account(tx, user);
  events_.tell(tx, events::SignedOutEverywhere{user, why, except});
}

void Sessions::end_all_not_held(db::Tx& tx, UserId user, EndReason why, BrowserSessionId browser) {
  const auto held = devices_let_in_by(tx, user, browser);
  for (const DeviceKey device : devices_of_user(tx, user)) {
    if (std::ranges::find(held, device) == held.end()) end_device(tx, device, why);
  }
  end_without_device(tx, user, why);
  events_.tell(tx, events::SignedOutEverywhere{user, why, browser});
}

// What a sign-in to the same device has ended softly stays soft: those tokens are dead, and a late
// tab that shows one must not wipe the store it shares with the session that is kept.
void Sessions::end_all_but(db::Tx& tx, const Session& kept, EndReason why) {
  const UserId user = kept.account.id;
  for (const DeviceKey device : devices_of_user(tx, user)) {
    if (device != kept.record.device) end_device(tx, device, why);
  }
  end_without_device(tx, user, why, kept.record.id);
}

void Sessions::end_without_device(db::Tx& tx, UserId user, EndReason why,
                                  std::optional<SessionId> except) {
  for (const SessionId id : open_sessions_without_device(tx, user)) {
    if (id != except) end(tx, id, Ended::for_good, why);
  }
}

bool Sessions::end_softly(db::Tx& tx, SessionId id, EndReason why) {
  return end(tx, id, Ended::softly, why);
}

std::size_t Sessions::end_all_softly(db::Tx& tx, UserId user, EndReason why) {
  std::size_t ended = 0;
  for (const SessionId id : open_sessions_of_user(tx, user)) {
    ended += end_quietly(tx, id, Ended::softly, why) ? 1 : 0;
  }
  announcer_.account(tx, user);
  events_.tell(tx, events::SignedOutEverywhere{user, why, std::nullopt});
  return ended;
}

std::size_t Sessions::end_everything_softly(db::Tx& tx, EndReason why) {
  announcer_.everything(tx);
  const std::int64_t ended = end_every_session_softly(tx, why, clock_.now());
  events_.tell(tx, events::EverybodySignedOut{why});
  return static_cast<std::size_t>(ended);
}

// `end` gets the transaction, the session under its lock and the question it raises, and returns
// why it did not end anything.
template <class End>
Task<std::optional<Standing>> Sessions::end_by_token(const Use& use, std::string_view text,
                                                     Kind kind, End end) {
  const auto known = co_await know(use, text, kind);
  if (!known) co_return known.error();
  co_return co_await db_.write([&](db::Tx& tx) -> std::optional<Standing> {
    lock_account(tx, known->session.account.id);
    auto session = find_session(tx, known->token.session, Lock::yes);
    if (!session) throw db::Unavailable("a session vanished while it was signed out");
    promotions_.apply(session->record);
    return end(tx, *session, question(*session, known->token.generation, clock_.now()));
  });
}

Task<std::optional<Standing>> Sessions::sign_out(const Use& use, std::string_view text) {
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::optional<Standing> {
    const bool over = session.record.ended == Ended::for_good;
    if (over || !may_end(asked)) return judge(asked);
    end_for_good(tx, session, EndReason::logout);
    return std::nullopt;
  };
  co_return co_await end_by_token(use, text, Kind::access, end);
}

Task<std::optional<Standing>> Sessions::revoke(const Use& use, std::string_view text) {
  const auto token = read_token(text);
  const Kind kind = token ? token->kind : Kind::access;
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::optional<Standing> {
    if (session.record.ended == Ended::for_good) return std::nullopt;
    if (!may_end(asked)) return judge(asked);
    end_for_good(tx, session, EndReason::revoked);
    return std::nullopt;
  };
  co_return co_await end_by_token(use, text, kind, end);
}

Task<std::optional<Standing>> Sessions::sign_out_everywhere(const Use& use, std::string_view text) {
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::optional<Standing> {
    const Standing standing = judge(asked);
    const bool waits_for_unlock = standing.worth == Worth::locked && may_end(asked);
    if (!standing.active() && !waits_for_unlock) return standing;
    end_all_of(tx, session.account.id, EndReason::logout_all);
    return std::nullopt;
  };
  co_return co_await end_by_token(use, text, Kind::access, end);
}

}  // namespace latchkey::sessions
