// The token path: from the text of a token to what it is worth.

#include <algorithm>

#include "domain/sessions/folded_sessions.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"
#include "domain/sessions/unused_devices.h"

namespace latchkey::sessions {
namespace {

// Where the grace is shorter, or there is none.
constexpr Duration kRememberedAtLeast = std::chrono::seconds{5};
// Within which the other nodes have a connection to a new primary once this one has: some wait for
// a statement to time out on the old one first, and then for a host that does not answer.
constexpr std::chrono::seconds kOthersReconnect{30};

Standing unknown(Reason reason) { return {Worth::unknown, reason, std::nullopt}; }

}  // namespace

TokenCache::Entry* Sessions::recall(const Use& use, std::string_view text) {
  const auto token = read_token(text);
  if (!token || token->kind != Kind::access) return nullptr;
  if (!hears_other_nodes()) return nullptr;
  const Time now = clock_.now();
  TokenCache::Entry* entry = worker(use.worker).cache.find(*token, now);
  if (entry != nullptr && now - entry->noted_active >= kActivityInterval) {
    if (comes_back_late(policy_, entry->noted_active, now)) return nullptr;
    entry->noted_active = now;
    activity_.note(use.worker, token->session, now,
                   {std::string(use.address), std::string(use.user_agent)});
  }
  return entry;
}

std::expected<Token, Standing> Sessions::read(std::string_view text, Kind kind) {
  const auto token = read_token(text);
  if (!token) {
    const bool foreign = token.error() == TokenFault::foreign;
    return std::unexpected(unknown(foreign ? Reason::not_ours : Reason::malformed));
  }
  if (token->kind != kind) return std::unexpected(unknown(Reason::wrong_kind));
  return *token;
}

// A key that this process does not hold may be one that another node has made since, and enlisted
// before it signed with it. An id that the database does not list never was a key, unless it is a
// later one and the database may be an older one, or a new one in the place of one that is lost:
// then nobody can tell, as of a lost key, until a node that holds it has enlisted it again. Each
// does so with its first connection to that database, and for so long the client is asked to come
// again.
Task<TokenCodec::Check> Sessions::check_mac(std::size_t index, const Token& token) {
  auto check = worker(index).codec.check(token);
  if (check != TokenCodec::Check::unknown_key) co_return check;
  const auto unlisted = co_await db_.read([&](db::Tx& tx) -> std::optional<TokenCodec::Check> {
    if (keys::key_listed(tx, token.key)) return std::nullopt;
    if (!keys::later_than_all_keys(tx, token.key)) return TokenCodec::Check::forged;
    if (Reach::Clock::now() < reconnected_at_.load() + kOthersReconnect) {
      return TokenCodec::Check::unknown_key;
    }
    const bool may_be_lost = may_be_older(tx) || in_gap(tx, IdSource::born(token.session));
    return may_be_lost ? TokenCodec::Check::key_lost : TokenCodec::Check::forged;
  });
  if (unlisted == TokenCodec::Check::unknown_key) {
    throw db::Unavailable("a token names a server key that this database does not list yet");
  }
  if (unlisted) co_return *unlisted;
  reload_keys();
  check = worker(index).codec.check(token);
  if (check == TokenCodec::Check::unknown_key) {
    throw db::Unavailable("a token names a server key that this node does not hold");
  }
  co_return check;
}

// An authentic token from after the id clock comes from before a restored backup. Its birth is
// kept as a gap, so that it is still soft once the clock has caught up.
Task<void> Sessions::remember_future_birth(SessionId id) {
  const Time born = IdSource::born(id);
  const Time clock = ids_.clock(clock_.now());
  if (born <= clock) co_return;
  co_await db_.write([&](db::Tx& tx) {
    if (!in_gap(tx, born)) add_gap(tx, born - kHeartbeatMargin, born + kHeartbeatMargin, clock);
  });
}

Task<void> Sessions::move_forward(const Token& token) {
  co_await db_.write([&](db::Tx& tx) {
    auto session = find_session(tx, token.session, Lock::yes);
    if (!session) return;
    promotions_.apply(session->record);
    const Time now = clock_.now();
    const Standing standing = judge(question(*session, token.generation, now));
    if (standing.reason != Reason::from_before_a_restore) return;
    update_session(tx, moved_forward(session->record, token.generation, policy_, now));
    announcer_.session(tx, token.session);
  });
}

void Sessions::note_use(const Use& use, const Session& session, Generation generation, Time now) {
  const Record& record = session.record;
  if (generation == record.issued && record.seen < generation) {
    promotions_.note(record.id, generation, now);
    // The token before it now has a grace to watch.
    changes_.session_changed(record.id);
  }
  // Seldom enough to write it down each time: what follows is remembered and noted in recall().
  if (now - record.last_active_at >= kActivityInterval / 2) {
    activity_.note(use.worker, record.id, now,
                   {std::string(use.address), std::string(use.user_agent)});
  }
}

Task<std::expected<Sessions::Known, Standing>> Sessions::know(const Use& use, std::string_view text,
                                                              Kind kind) {
  const auto read_text = read(text, kind);
  if (!read_text) co_return std::unexpected(read_text.error());
  const bool deaf = !hears_other_nodes();
  // What is remembered may be good for long yet; who is not may not wait as long for an answer.
  if (deaf || database_is_away()) co_await require_in_touch();
  const Token& token = *read_text;
  auto mac = co_await check_mac(use.worker, token);
  if (mac == TokenCodec::Check::forged) co_return std::unexpected(unknown(Reason::forged));

  const Changes::Ticket ticket = changes_.ticket();
  Lost lost;
  bool key_lost = false;  // as far as this node has not heard of it
  // Mostly there is a row, and nothing else to ask.
  std::optional<Session> session;
  if (!deaf) session = co_await find_session(db_, token.session);
  if (!session) {
    session = co_await db_.read([&](db::Tx& tx) {
      auto row = find_session(tx, token.session);
      if (deaf) key_lost = keys::key_lost(tx, token.key);
      if (!row) {
        lost = lost_row(tx, IdSource::born(token.session));
        lost.folded_into = folded_into(tx, token.session);
      }
      return row;
    });
  }
  if (key_lost && mac != TokenCodec::Check::key_lost) {
    mac = TokenCodec::Check::key_lost;
    keys_announced_ = true;
  }
  if (mac == TokenCodec::Check::key_lost) {
    // Nobody can tell it from a forged one, and a forger knows a session id at most: it
    // changes nothing, and the answer tells no more than whether to sign in again.
    const bool over = session && session->record.ended == Ended::for_good;
    co_return std::unexpected(over ? Standing{Worth::ended, Reason::ended_for_good, {}}
                                   : Standing{Worth::soft, Reason::key_lost, {}});
  }
  if (!session) {
    const Standing standing = judge_lost(lost);
    if (standing.reason == Reason::lost) co_await remember_future_birth(token.session);
    co_return std::unexpected(standing);
  }
  if (!worker(use.worker).codec.fits(token, session->record.nonce)) {
    co_return std::unexpected(unknown(Reason::forged));
  }
  const Generation stored_seen = session->record.seen;
  promotions_.apply(session->record);
  co_return Known{token, std::move(*session), ticket, stored_seen};
}

Task<Verdict> Sessions::check(const Use& use, std::string_view text, Duration slack) {
  return judge_token(use, text, slack, false);
}

Task<Verdict> Sessions::check_any_scope(const Use& use, std::string_view text) {
  return judge_token(use, text, Duration{0}, true);
}

// Whether a verdict from before somebody asked is good for them too: on the terms of what is
// remembered, which may only say yes.
bool Sessions::still_holds(const Judged& judged) const {
  const auto& [standing, who] = judged.verdict;
  return standing.active() && hears_other_nodes() &&
         (!standing.until || clock_.now() < *standing.until) &&
         changes_.fresh(judged.ticket, who.session.value(), who.user);
}

Task<Verdict> Sessions::judge_token(const Use& use, std::string_view text, Duration slack,
                                    bool any_scope) {
  const auto token = read_token(text);
  // On SQLite a row is read on the spot, and garbage asks for none.
  if (db_.dialect() == db::Dialect::sqlite || !token) {
    co_return (co_await judge_alone(use, text, slack, any_scope)).verdict;
  }
  Flights& flights = worker(use.worker).flights;
  const Flights::Asked asked{.token = token->bytes, .slack = slack, .any_scope = any_scope};
  const std::uint64_t begun = flights.begun();
  while (const auto flight = flights.find(asked)) {
    co_await flight->landing();
    const auto& judged = flight->found();
    if (judged && (flight->number() > begun || still_holds(*judged))) co_return judged->verdict;
  }
  Flights::Turn turn = flights.begin(asked);
  try {
    const Judged judged = co_await judge_alone(use, text, slack, any_scope);
    turn.answered(judged);
    co_return judged.verdict;
  } catch (...) {
    turn.failed(std::current_exception());
    throw;
  }
}

Task<Judged> Sessions::judge_alone(const Use& use, std::string_view text, Duration slack,
                                   bool any_scope) {
  const auto known = co_await know(use, text, Kind::access);
  if (!known) co_return Judged{.verdict = {known.error(), {}}};
  const Token& token = known->token;
  const Session& session = known->session;

  const Time now = clock_.now();
  Question asked = question(session, token.generation, now);
  asked.any_scope = any_scope;
  Standing standing = judge(asked);
  if (standing.active()) {
    note_use(use, session, token.generation, now);
    if (comes_back_late(policy_, session.record.last_active_at, now)) {
      co_await write_use(use, session.record.id, now);
    }
    // What is remembered is good for every surface.
    if (reaches_matrix(session.record)) remember(use, *known, standing, now);
  } else if (standing.reason == Reason::from_before_a_restore) {
    co_await move_forward(token);
  } else if (slack > Duration{0}) {
    asked.slack = slack;
    standing = judge(asked);
  }
  if (!standing.active()) co_return Judged{.verdict = {standing, {}}};
  co_return Judged{.verdict = {standing, holder_of(session, token.generation)},
                   .ticket = known->ticket};
}

Task<void> Sessions::write_use(const Use& use, SessionId id, Time now) {
  co_await db_.write([&](db::Tx& tx) {
    const Origin origin{std::string(use.address), std::string(use.user_agent)};
    update_activity(tx, id, now, origin);
  });
}

Task<std::optional<Account>> Sessions::recognise(const Use& use, std::string_view text) {
  const auto known = co_await know(use, text, Kind::access);
  if (!known) co_return std::nullopt;
  const Token& token = known->token;
  const Session& session = known->session;
  const bool signed_in_again =
      co_await db_.read([&](db::Tx& tx) { return newer_session_on_device(tx, session.record); });
  const Question asked = question(session, token.generation, clock_.now());
  if (!leads_back(asked, signed_in_again)) co_return std::nullopt;
  co_return session.account;
}

Identity Sessions::holder_of(const Session& session, Generation generation) const {
  const Record& record = session.record;
  Identity who = identity_of(session.account);
  who.admin = who.admin && may_administer(record);
  who.session = record.id;
  who.device_id = record.device_id;
  who.issued_at = *issue_time(record, generation);
  if (const Limit lifetime = access_lifetime(record, policy_)) {
    who.expires_at = who.issued_at + *lifetime;
  }
  if (record.grant) who.grant = std::make_shared<const ClientGrant>(*record.grant);
  return who;
}

void Sessions::remember(const Use& use, const Known& known, const Standing& standing, Time now) {
  // Another node may answer a refresh and die before it tells: what it replaced has a grace from
  // then on, and is not remembered for longer than that without being read again.
  std::optional<Time> until = standing.until;
  if (known.session.record.refreshes) {
    const Time read_again = now + std::max(policy_.refresh_grace, kRememberedAtLeast);
    until = std::min(until.value_or(read_again), read_again);
  }
  worker(use.worker)
      .cache.insert(known.token, {.identity = holder_of(known.session, known.token.generation),
                                  .until = until,
                                  .judged_at = now,
                                  .noted_active = now,
                                  .ticket = known.ticket});
}

}  // namespace latchkey::sessions
