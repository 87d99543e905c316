// What POST /refresh does: one row, decided from what is known or was read of it and written if it
// is still so, otherwise under its lock (docs/decisions/0028-cheap-writes.md).

#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"
#include "domain/sessions/unused_devices.h"
#include "platform/text/ulid.h"

namespace latchkey::sessions {
namespace {

// Softness spares keys; a client without a Matrix scope has none (design of the token endpoint:
// `invalid_grant`).
Standing told(Standing refusal, const Record& record) {
  if (!reaches_matrix(record)) refusal.worth = Worth::ended;
  return refusal;
}

}  // namespace

Task<std::expected<TokenPair, Standing>> Sessions::refresh(const Use& use,
                                                           std::string_view refresh_token,
                                                           std::string_view client) {
  if (auto pair = co_await refresh_remembered(use, refresh_token, client)) {
    co_return *std::move(pair);
  }
  const auto known = co_await know(use, refresh_token, Kind::refresh);
  if (!known) {
    refused_refreshes_.add(use.worker);
    co_return std::unexpected(known.error());
  }
  const Token& token = known->token;
  const std::optional<ClientGrant>& grant = known->session.record.grant;
  if (client != (grant ? std::string_view(grant->client) : std::string_view())) {
    refused_refreshes_.add(use.worker);
    co_return std::unexpected(Standing{Worth::unknown, Reason::wrong_kind, std::nullopt});
  }

  // A refusal that changes nothing needs no place in the writer's queue.
  const Time now = clock_.now();
  const RefreshDecision foreseen = decide_refresh(question(known->session, token.generation, now));
  if (foreseen.step == RefreshStep::refuse && !foreseen.changed) {
    refused_refreshes_.add(use.worker);
    co_return std::unexpected(told(foreseen.refusal, known->session.record));
  }

  // What hands out other tokens writes down that they were used; the same pair again nothing.
  if (foreseen.step != RefreshStep::refuse && !foreseen.changed &&
      comes_back_late(policy_, known->session.record.last_active_at, now)) {
    co_await write_use(use, token.session, now);
  }
  const auto unlocked = co_await refresh_unlocked(*known, foreseen);
  const RefreshDecision decision = unlocked ? *unlocked : co_await refresh_locked(*known);

  if (decision.step == RefreshStep::refuse) {
    refused_refreshes_.add(use.worker);
    if (decision.refusal.reason == Reason::reused) {
      reuses_.add(use.worker);
      log_.warning(
          "an old refresh token was used again: two parties hold the session, so it was "
          "softly ended",
          {{"session", text::format_id(token.session)},
           {"user", known->session.account.localpart},
           {"device", known->session.record.device_id},
           {"address", use.address}});
    }
    co_return std::unexpected(told(decision.refusal, known->session.record));
  }
  co_return refreshed(use, decision.after);
}

TokenPair Sessions::refreshed(const Use& use, const Record& record) {
  refreshes_.add(use.worker);
  refresh_memory_.keep(record);
  activity_.note(use.worker, record.id, clock_.now(),
                 {std::string(use.address), std::string(use.user_agent)});
  return tokens_of(use.worker, record);
}

// The pair after the newest, by what this node knows of the session: what may have become of it
// since, the statement that writes the pair asks the row. Everything else, and every refusal, is
// for who reads the row.
Task<std::optional<TokenPair>> Sessions::refresh_remembered(const Use& use,
                                                            std::string_view refresh_token,
                                                            std::string_view client) {
  const auto token = read_token(refresh_token);
  if (!token || token->kind != Kind::refresh) co_return std::nullopt;
  if (!hears_other_nodes() || database_is_away()) co_return std::nullopt;
  Session session;
  if (auto record = refresh_memory_.find(token->session)) {
    session.record = *std::move(record);
  } else {
    co_return std::nullopt;
  }
  Record& before = session.record;
  // Another node has handed out later ones; or the client has not had the newest.
  if (token->generation != before.issued) co_return std::nullopt;
  if (client != (before.grant ? std::string_view(before.grant->client) : std::string_view())) {
    co_return std::nullopt;
  }
  TokenCodec& codec = worker(use.worker).codec;
  if (codec.check(*token) != TokenCodec::Check::authentic || !codec.fits(*token, before.nonce)) {
    co_return std::nullopt;
  }
  promotions_.apply(before);
  const Time now = clock_.now();
  const RefreshDecision foreseen = decide_refresh(question(session, token->generation, now));
  if (foreseen.step != RefreshStep::next) co_return std::nullopt;
  const Time seen_at = foreseen.after.seen_at;
  const auto seen = co_await update_newest(db_, before, seen_at, now, refresh_patience());
  if (!seen) {
    // Who asks again and again for a session that is over is not to come by the writer each time.
    refresh_memory_.forget(before.id);
    co_return std::nullopt;
  }
  // As in refresh_unlocked(): whether it moved, only the row knows.
  if (*seen == seen_at) announcer_.session_soon(before.id);
  co_return refreshed(use, foreseen.after);
}

// A turn that comes late might come after the grace of what the client did meanwhile.
std::optional<Duration> Sessions::refresh_patience() const {
  if (policy_.refresh_grace == Duration{0}) return std::nullopt;
  return policy_.refresh_grace / 2;
}

// What was foreseen from the row as it was read, if that is how it ends: absent when it ends the
// session, or when the row is no longer what it was.
Task<std::optional<RefreshDecision>> Sessions::refresh_unlocked(const Known& known,
                                                                const RefreshDecision& foreseen) {
  if (foreseen.step == RefreshStep::refuse) co_return std::nullopt;
  if (!foreseen.changed) co_return foreseen;
  const Record& before = known.session.record;
  const Record& after = foreseen.after;
  if (!co_await update_unchanged(db_, before, known.stored_seen, after, refresh_patience())) {
    co_return std::nullopt;
  }
  // What is remembered of the generation before `seen` knows of no grace yet. Nothing else that was
  // good is worth less now.
  if (after.seen != known.stored_seen) announcer_.session_soon(after.id);
  co_return foreseen;
}

Task<RefreshDecision> Sessions::refresh_locked(const Known& known) {
  co_return co_await db_.write([&](db::Tx& tx) {
    if (const auto patience = refresh_patience(); patience && tx.waited() > *patience) {
      throw db::Unavailable("a refresh waited too long for its turn");
    }
    const SessionId id = known.token.session;
    auto session = find_session(tx, id, Lock::yes);
    if (!session) throw db::Unavailable("a session vanished while it was refreshed");
    promotions_.apply(session->record);
    RefreshDecision result =
        decide_refresh(question(*session, known.token.generation, clock_.now()));
    if (result.changed) {
      update_session(tx, result.after);
      announcer_.session(tx, id);
      if (result.after.ended != session->record.ended) {
        events_.tell(tx, events::SessionEnded{session->account.id, id, result.after.ended,
                                              result.after.end_reason.value()});
      }
    }
    return result;
  });
}

}  // namespace latchkey::sessions
