#include "domain/sessions/standing.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>

namespace latchkey::sessions {
namespace {

// Whether something that is written down counts. It does from the moment it is written, whatever
// the clocks say: another node's may be ahead, and this one's may have been set back. Only slack
// compares times, and a time ahead of now is none that is just past.
bool since(std::optional<Time> at, const Question& q) {
  return at && (q.slack <= Duration{0} || *at - q.now > kClockSkew || *at <= q.now - q.slack);
}

bool passed(Time at, Limit limit, const Question& q) {
  return sessions::passed(at, limit, q.now, q.slack);
}

bool replaced(const Question& q) {
  return q.generation < q.record.seen &&
         !in_grace(q.record, q.generation, q.policy.refresh_grace, q.now, q.slack);
}

bool expired(const Question& q) {
  const std::optional<Time> at = issue_time(q.record, q.generation);
  return !at || passed(*at, access_lifetime(q.record, q.policy), q);
}

// Spec "Allocated scope tokens", and the name that clients used before it was stable (MSC2967).
constexpr std::string_view kApiScope = "urn:matrix:client:api:*";
constexpr std::string_view kUnstableApiScope = "urn:matrix:org.matrix.msc2967.client:api:*";

bool has_scope(const Record& record, std::initializer_list<std::string_view> tokens) {
  return std::ranges::any_of(
      tokens, [&](std::string_view token) { return names_token(record.grant->scope, token); });
}

struct Row {
  Worth worth;
  Reason reason;
  bool (*fits)(const Question&);
};

// The first row that fits decides. The order is the rule: a deliberate end before a lock, a lock
// before anything soft, the session before its tokens.
constexpr std::array kScopeRows{
    Row{Worth::unknown, Reason::no_matrix_scope,
        [](const Question& q) { return !q.any_scope && !reaches_matrix(q.record); }},
};

constexpr std::array kOverRows{
    Row{Worth::ended, Reason::ended_for_good,
        [](const Question& q) { return q.record.ended == Ended::for_good; }},
};

constexpr std::array kAccountRows{
    Row{Worth::ended, Reason::account_deactivated,
        [](const Question& q) { return q.account.deactivated_at.has_value(); }},
    Row{Worth::locked, Reason::account_locked,
        [](const Question& q) { return since(q.account.locked_at, q); }},
};

constexpr std::array kSessionRows{
    Row{Worth::soft, Reason::ended_softly,
        [](const Question& q) {
          return q.record.ended == Ended::softly &&
                 (!q.record.ended_at || since(q.record.ended_at, q));
        }},
    Row{Worth::soft, Reason::past_maximum_age,
        [](const Question& q) { return passed(q.record.created_at, q.policy.maximum_age, q); }},
    Row{Worth::soft, Reason::idle_too_long,
        [](const Question& q) {
          return sessions::passed(q.record.last_active_at, q.policy.maximum_idle, q.now, q.slack,
                                  kClocksApart);
        }},
};

constexpr std::array kTokenRows{
    Row{Worth::soft, Reason::from_before_a_restore,
        [](const Question& q) { return q.generation > q.record.issued; }},
    Row{Worth::soft, Reason::replaced, replaced},
    Row{Worth::soft, Reason::expired, expired},
};

template <std::size_t n>
std::optional<Standing> first_fit(const std::array<Row, n>& rows, const Question& q) {
  for (const Row& row : rows) {
    if (row.fits(q)) return Standing{row.worth, row.reason, std::nullopt};
  }
  return std::nullopt;
}

// The first moment at which a good token may stop being good by the clock alone.
std::optional<Time> good_until(const Question& q) {
  std::optional<Time> until;
  const auto bound = [&](Time at, Limit limit) {
    if (limit) until = std::min(until.value_or(Time::max()), at + *limit + q.slack);
  };
  const Record& r = q.record;
  bound(r.created_at, q.policy.maximum_age);
  bound(r.last_active_at, q.policy.maximum_idle);
  bound(*issue_time(r, q.generation), access_lifetime(r, q.policy));
  if (q.generation < r.seen) bound(r.seen_at, q.policy.refresh_grace);
  // What slack still forgives.
  if (q.account.locked_at) bound(*q.account.locked_at, Duration{0});
  if (r.ended_at) bound(*r.ended_at, Duration{0});
  return until;
}

}  // namespace

Limit access_lifetime(const Record& record, const Policy& policy) {
  return record.refreshes ? policy.access_token_lifetime
                          : policy.access_token_lifetime_without_refresh;
}

std::optional<Time> issue_time(const Record& record, Generation generation) {
  if (generation == record.issued) return record.issued_at;
  if (generation == record.seen) return record.seen_issued_at;
  if (generation == record.seen - 1) return record.previous_issued_at;
  return std::nullopt;
}

bool passed(Time at, Limit limit, Time now, Duration slack, Duration ahead) {
  // A time ahead of now is measured against now itself: slack must not hide a clock set back.
  return limit && (at - now > ahead || now - slack - at >= *limit);
}

bool in_grace(const Record& record, Generation generation, Duration grace, Time now,
              Duration slack) {
  return grace > Duration{0} && generation == record.seen - 1 &&
         record.seen_at - now <= kClockSkew && now - slack - record.seen_at <= grace;
}

std::optional<Standing> judge_session(const Question& question) {
  if (const auto standing = first_fit(kOverRows, question)) return standing;
  if (const auto standing = first_fit(kAccountRows, question)) return standing;
  return first_fit(kSessionRows, question);
}

std::optional<Standing> judge_account(const Account& account) {
  return first_fit(kAccountRows, Question{.record = {},
                                          .account = account,
                                          .generation = 0,
                                          .now = {},
                                          .policy = {},
                                          .slack = Duration{0}});
}

bool names_token(std::string_view scope, std::string_view token) {
  return std::ranges::any_of(std::views::split(scope, ' '), [token](const auto& part) {
    return std::string_view(part.begin(), part.end()) == token;
  });
}

bool reaches_matrix(const Record& record) {
  return !record.grant || has_scope(record, {kApiScope, kUnstableApiScope});
}

bool may_administer(const Record& record) {
  return !record.grant || has_scope(record, {kSynapseAdminScope, kServerAdministrationScope});
}

Standing judge(const Question& question) {
  if (const auto standing = first_fit(kScopeRows, question)) return *standing;
  if (const auto standing = judge_session(question)) return *standing;
  if (const auto standing = first_fit(kTokenRows, question)) return *standing;
  return {Worth::active, Reason::good, good_until(question)};
}

Standing judge_lost(const Lost& lost) {
  // An ended row is kept for a day at least, so one that began after the newest heartbeat
  // cannot have been purged: it was lost.
  const bool young = lost.born > lost.newest_heartbeat - kHeartbeatMargin;
  if (lost.in_gap || young) return {Worth::soft, Reason::lost, std::nullopt};
  if (lost.folded_into) {
    if (lost.folded_into->locked_at) return {Worth::locked, Reason::account_locked, std::nullopt};
    return {Worth::soft, Reason::ended_softly, std::nullopt};
  }
  return {Worth::ended, Reason::purged, std::nullopt};
}

}  // namespace latchkey::sessions
