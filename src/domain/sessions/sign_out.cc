// How sessions end: by their holder, by their account, by an administrator.

#include <algorithm>
#include <stdexcept>

#include "domain/sessions/devices.h"
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

void require_same(UserId wanted, UserId found) {
  if (wanted != found) throw std::logic_error("what ends is another account's");
}

}  // namespace

bool Sessions::end_unannounced(db::Tx& tx, UserId user, SessionId id, Ended how, EndReason why) {
  const auto of = end_session(tx, id, how, why, clock_.now());
  if (!of) return false;
  require_same(user, *of);
  events_.tell(tx, events::SessionEnded{user, id, how, why});
  return true;
}

bool Sessions::end_row(db::Tx& tx, UserId user, SessionId id, Ended how, EndReason why) {
  const bool ended = end_unannounced(tx, user, id, how, why);
  if (ended) announcer_.session(tx, id);
  return ended;
}

bool Sessions::end(db::Tx& tx, const Session& session, Ended how, EndReason why) {
  const auto& [record, account] = session;
  require_account_held(tx, account.id);
  const bool ended = end_row(tx, account.id, record.id, how, why);
  if (how == Ended::for_good && record.device) {
    end(tx, OneDevice{account.id, *record.device}, how, why);
  } else if (how == Ended::for_good) {
    purge_excess(tx, account.id);
  }
  return ended;
}

std::size_t Sessions::end(db::Tx& tx, const OneDevice& which, Ended how, EndReason why) {
  require_account_held(tx, which.user);
  std::size_t ended = 0;
  // What has ended softly stays as it is, however much of it there is.
  const auto open = how == Ended::for_good ? open_sessions_of_device(tx, which.device)
                                           : live_session_of_device(tx, which.device);
  for (const SessionId id : open) {
    ended += end_row(tx, which.user, id, how, why) ? 1 : 0;
  }
  if (how != Ended::for_good) return ended;
  if (const auto deleted = delete_device(tx, which.device, clock_.now())) {
    require_same(which.user, deleted->user);
    events_.tell(tx, events::DeviceDeleted{which.user, which.device, deleted->id, why});
    purge_excess(tx, which.user);
  }
  return ended;
}

std::size_t Sessions::end(db::Tx& tx, const AllOf& which, Ended how, EndReason why) {
  require_account_held(tx, which.user);
  std::size_t ended = 0;
  for (const SessionId id : open_sessions_of_user(tx, which.user)) {
    ended += end_unannounced(tx, which.user, id, how, why) ? 1 : 0;
  }
  if (how == Ended::for_good) {
    for (const Device& device : delete_devices_of_user(tx, which.user, clock_.now())) {
      events_.tell(tx, events::DeviceDeleted{which.user, device.key, device.id, why});
    }
    purge_excess(tx, which.user);
  }
  announcer_.account(tx, which.user);
  events_.tell(tx, events::SignedOutEverywhere{which.user, why, which.but});
  return ended;
}

std::size_t Sessions::end(db::Tx& tx, const AllNotHeldAt& which, Ended how, EndReason why) {
  require_account_held(tx, which.user);
  const auto held = devices_let_in_by(tx, which.user, which.browser);
  std::size_t ended = end_devices(tx, which.user, held, how, why);
  ended += end_apps(tx, which.user, std::nullopt, how, why);
  events_.tell(tx, events::SignedOutEverywhere{which.user, why, which.browser});
  return ended;
}

std::size_t Sessions::end(db::Tx& tx, const LetInBy& which, Ended how, EndReason why) {
  require_account_held(tx, which.user);
  std::size_t ended = 0;
  for (const SessionId id : live_sessions_let_in_by(tx, which.browser)) {
    const auto session = find_session(tx, id);
    if (session && end(tx, *session, how, why)) ++ended;
  }
  return ended;
}

// What a sign-in to the same device has ended softly stays soft: those tokens are dead, and a late
// tab that shows one must not wipe the store it shares with the session that is kept.
std::size_t Sessions::end(db::Tx& tx, const AllBut& which, Ended how, EndReason why) {
  const auto& [record, account] = which.kept;
  require_account_held(tx, account.id);
  require_same(account.id, record.user);
  std::vector<DeviceKey> kept;
  if (record.device) kept.push_back(*record.device);
  const std::size_t ended = end_devices(tx, account.id, kept, how, why);
  return ended + end_apps(tx, account.id, record.id, how, why);
}

std::size_t Sessions::end(db::Tx& tx, Everybody, EndReason why) {
  announcer_.everything(tx);
  const std::int64_t ended = end_every_session_softly(tx, why, clock_.now());
  events_.tell(tx, events::EverybodySignedOut{why});
  return static_cast<std::size_t>(ended);
}

std::size_t Sessions::end_devices(db::Tx& tx, UserId user, const std::vector<DeviceKey>& kept,
                                  Ended how, EndReason why) {
  std::size_t ended = 0;
  for (const Device& device : list_devices(tx, user)) {
    if (std::ranges::find(kept, device.key) != kept.end()) continue;
    ended += end(tx, OneDevice{user, device.key}, how, why);
  }
  return ended;
}

// Those without a device.
std::size_t Sessions::end_apps(db::Tx& tx, UserId user, std::optional<SessionId> kept, Ended how,
                               EndReason why) {
  std::size_t ended = 0;
  for (const SessionId id : open_sessions_without_device(tx, user)) {
    if (id != kept) ended += end_row(tx, user, id, how, why) ? 1 : 0;
  }
  return ended;
}

// `end` gets the transaction, the session under its lock and the question it raises, and returns
// an error when it refuses.
template <class End>
Task<std::expected<void, Standing>> Sessions::end_by_token(const Use& use, std::string_view text,
                                                           Kind kind, End end) {
  const auto known = co_await know(use, text, kind);
  if (!known) co_return std::unexpected(known.error());
  co_return co_await db_.write([&](db::Tx& tx) -> std::expected<void, Standing> {
    lock_account(tx, known->session.account.id);
    auto session = find_session(tx, known->token.session, Lock::yes);
    if (!session) throw db::Unavailable("a session vanished while it was signed out");
    promotions_.apply(session->record);
    return end(tx, *session, question(*session, known->token.generation, clock_.now()));
  });
}

Task<std::expected<void, Standing>> Sessions::sign_out(const Use& use, std::string_view text) {
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::expected<void, Standing> {
    const bool over = session.record.ended == Ended::for_good;
    // Others sign out where their tokens are for: the revocation endpoint asks for no scope.
    const bool theirs = reaches_matrix(session.record);
    if (over || !theirs || !may_end(asked)) return std::unexpected(judge(asked));
    this->end(tx, session, Ended::for_good, EndReason::logout);
    return {};
  };
  co_return co_await end_by_token(use, text, Kind::access, end);
}

Task<std::expected<void, Standing>> Sessions::revoke(const Use& use, std::string_view text) {
  const auto token = read_token(text);
  const Kind kind = token ? token->kind : Kind::access;
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::expected<void, Standing> {
    if (session.record.ended == Ended::for_good) return {};
    if (!may_end(asked)) return std::unexpected(judge(asked));
    this->end(tx, session, Ended::for_good, EndReason::revoked);
    return {};
  };
  co_return co_await end_by_token(use, text, kind, end);
}

Task<std::expected<void, Standing>> Sessions::sign_out_everywhere(const Use& use,
                                                                  std::string_view text) {
  const auto end = [this](db::Tx& tx, const Session& session,
                          const Question& asked) -> std::expected<void, Standing> {
    const Standing standing = judge(asked);
    const bool waits_for_unlock = standing.worth == Worth::locked && may_end(asked);
    if (!standing.active() && !waits_for_unlock) return std::unexpected(standing);
    this->end(tx, AllOf{session.account.id}, Ended::for_good, EndReason::logout_all);
    return {};
  };
  co_return co_await end_by_token(use, text, Kind::access, end);
}

}  // namespace latchkey::sessions
