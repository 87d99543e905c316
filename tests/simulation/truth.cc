#include "simulation/truth.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/sessions/lost_rows.h"
#include "domain/sessions/unused_devices.h"

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;
using sessions::Generation;

// Beside what a crash may cost a device (sessions::late_after()): a use is noted to the minute.
constexpr Duration kUnnoted = 10min;

constexpr std::array<Promise, 13> kPromises{{
    {"lives", "a session whose sign-in was answered is there until something ends it"},
    {"stays ended", "a session that a person ended never returns, unless a restore undid its end"},
    {"no hard logout", "nobody is hard-logged-out whom no person signed out"},
    {"one session", "a device has one live session"},
    {"memory", "no node answers from memory beyond its bound"},
    {"newest works", "the newest tokens of a live session are taken, however replies got lost"},
    {"old dies", "an old refresh token is dead after its grace"},
    {"lock holds", "no token of a locked account is good, and none says so of another"},
    {"durable", "what is answered has been committed before"},
    {"caused", "a session ends by what may end it, wholly"},
    {"password", "a password that was replaced signs nobody in"},
    {"no fault", "no request fails but for a database that is away"},
    {"goes on", "once all is well again everybody gets on"},
}};

}  // namespace

Promise promise(Invariant invariant) { return kPromises[static_cast<std::size_t>(invariant)]; }

struct Truth::Row {
  UserId user{};
  std::optional<DeviceKey> device;
  bool refreshes = false;
  Ended ended = Ended::live;
  Generation seen = 0;
  Time seen_at;
  Generation issued = 0;
  Time issued_at;

  static constexpr std::string_view kColumns =
      "user_id, device, refreshes, ended, seen, seen_at, issued, issued_at";
};

void Truth::breaks(Invariant invariant, std::string what) {
  if (!broken_) broken_ = Broken{invariant, std::move(what)};
}

Truth::Known* Truth::find(SessionId id) {
  const auto found = known_.find(id);
  return found == known_.end() ? nullptr : &found->second;
}

std::optional<Moment> Truth::over_since(const Known& known) {
  std::optional<Moment> since;
  const auto bound = [&](Moment at) { since = std::min(since.value_or(at), at); };
  if (!known.there || known.ended != Ended::live) bound(known.since);
  const Account& whose = account(known.user);
  if (whose.locked || whose.deactivated) bound(whose.since);
  return since;
}

void Truth::account_made(UserId user, const std::string& hash, const std::string& password) {
  password_of_.emplace(hash, password);
  accounts_[user].password = password;
}

void Truth::take_password(Account& account, const std::string& hash) {
  const auto found = password_of_.find(hash);
  const std::string password = found == password_of_.end() ? std::string() : found->second;
  if (account.password == password) return;
  account.password = password;
  account.password_since = schedule_.now();
}

// --- commits ---

void Truth::take(Known& known, const Row& row) {
  if (row.ended != known.ended || !known.there) {
    // Also from an end for good to a soft one, where somebody went back: what was read before says
    // the former.
    if (row.ended < known.ended) {
      known.ended_until = schedule_.now();
      if (row.ended == Ended::live) known.said_by = 0;
    }
    known.since = schedule_.now();
  }
  if (row.seen != known.seen) known.seen_since = schedule_.now();
  const bool handed_out = row.issued != known.issued || row.issued_at != known.issued_at;
  if (handed_out) known.issued_since = schedule_.now();
  known.there = true;
  known.user = row.user;
  known.device = row.device;
  known.refreshes = row.refreshes;
  known.ended = row.ended;
  known.ever_for_good = known.ever_for_good || row.ended == Ended::for_good;
  known.seen = row.seen;
  known.seen_at = row.seen_at;
  known.issued = row.issued;
  known.issued_at = row.issued_at;
}

void Truth::committed(db::Tx& tx, const Cause& cause,
                      std::span<const SharedDatabase::Change> changes) {
  std::vector<SessionId> rows;
  bool password_changed = false;
  Course* const course = cause.call == 0 ? nullptr : &courses_[{cause.node, cause.call}];
  for (const auto& change : changes) {
    if (change.table == SharedDatabase::Change::Table::sessions) {
      rows.push_back(SessionId{change.id});
      continue;
    }
    const UserId user{change.id};
    const auto row = tx.one<bool, bool, std::optional<std::string>>(
        "SELECT locked_at IS NOT NULL, deactivated_at IS NOT NULL, password_hash FROM users"
        " WHERE id = :id",
        user);
    if (!row) continue;
    const auto& [locked, deactivated, hash] = *row;
    Account& known = accounts_[user];
    const bool was_over = known.locked || known.deactivated;
    const bool is_over = locked || deactivated;
    if (is_over && !was_over) known.since = schedule_.now();
    if (!is_over && was_over) known.until = schedule_.now();
    if (!is_over) known.said_by = 0;
    known.locked = locked;
    known.deactivated = deactivated;
    if (hash && cause.doing == Doing::change_password) {
      // An outdated hash would be made anew for the same password; nothing makes one here.
      password_changed = password_of_.emplace(*hash, cause.request->new_password).second;
    }
    take_password(known, hash.value_or(""));
    if (course != nullptr && locked) course->locked = true;
  }
  std::ranges::sort(rows);
  const auto twice = std::ranges::unique(rows);
  rows.erase(twice.begin(), twice.end());

  std::vector<SessionId> ended;
  for (const SessionId id : rows) {
    static const std::string sql =
        "SELECT " + std::string(Row::kColumns) + " FROM sessions WHERE id = :id";
    const auto found =
        tx.one<UserId, std::optional<DeviceKey>, bool, Ended, Generation, Time, Generation, Time>(
            sql, id);
    Known* known = find(id);
    if (!found) {
      if (known == nullptr || !known->there) continue;
      judge_loss(cause, *known);
      if (known->ended == Ended::live) known->since = schedule_.now();
      known->there = false;
      continue;
    }
    const auto& [user, device, refreshes, how, seen, seen_at, issued, issued_at] = *found;
    const Row row{user, device, refreshes, how, seen, seen_at, issued, issued_at};
    if (known != nullptr && !known->there && cause.doing == Doing::login) {
      // With clocks that are behind, a session that a restore has lost can give its id to another.
      const Known lost = *known;
      *known = Known();
      known->id = id;
      known->excused = lost.went_back;
      known->used = schedule_.now();
      take(*known, row);
      continue;
    }
    if (known == nullptr) {
      if (cause.doing != Doing::login) {
        breaks(Invariant::caused, fmt::format("{} began a session", name_of(cause.doing)));
      }
      known = &known_.emplace(id, Known()).first->second;
      known->id = id;
      known->used = schedule_.now();
      order_.push_back(id);
      of_user_[user].push_back(id);
      if (device) of_device_[*device].push_back(id);
      take(*known, row);
    } else {
      const bool ends = row.ended > known->ended;
      judge_end(cause, *known, row);
      take(*known, row);
      if (ends) ended.push_back(id);
      if (ends && course != nullptr) course->ended.push_back(id);
    }
  }
  // Of all that changed: the order of the ids is not that of the changes.
  for (const SessionId id : rows) {
    const Known* const known = find(id);
    if (known == nullptr || !known->there || known->ended != Ended::live || !known->device)
      continue;
    const auto live = std::ranges::count_if(of_device_[*known->device], [this](SessionId other) {
      const Known& session = known_.at(other);
      return session.there && session.ended == Ended::live;
    });
    if (live > 1) breaks(Invariant::one_session, "a device has two live sessions");
  }
  judge_whole(cause, ended, password_changed);
}

void Truth::judge_end(const Cause& cause, const Known& before, const Row& row) {
  if (row.ended < before.ended) {
    return breaks(Invariant::stays_ended,
                  fmt::format("{} brought a session back that had ended", name_of(cause.doing)));
  }
  if (row.issued < before.issued || row.seen < before.seen) {
    return breaks(Invariant::newest_works, "a session went back to earlier tokens");
  }
  if (row.ended == before.ended) return;
  const Request* const request = cause.request;
  const bool same_user = request != nullptr && request->user == before.user;
  const Known* const shown = request != nullptr ? find(request->session) : nullptr;
  const bool same_device =
      shown != nullptr && shown->device == before.device && before.device.has_value();
  bool may = false;
  if (row.ended == Ended::for_good) {
    switch (cause.doing) {
      case Doing::logout:
        may = same_device;
        break;
      case Doing::change_password:
        may = same_user && request->logout_devices && !same_device;
        break;
      case Doing::logout_all:
      case Doing::delete_devices:
      case Doing::deactivate:
      case Doing::sign_out:
        may = same_user;
        break;
      case Doing::end_session:
        may = same_device;
        break;
      case Doing::purge:
        may = setting_.policy.delete_unused_devices_after.has_value() &&
              (setting_.clocks_are_set || before.went_back ||
               schedule_.now() - before.used >
                   *setting_.policy.delete_unused_devices_after - kUnnoted -
                       sessions::late_after(*setting_.policy.delete_unused_devices_after));
        break;
      default:
        break;
    }
  } else {
    switch (cause.doing) {
      case Doing::login:
      case Doing::soften:
        may = same_user;
        break;
      case Doing::soften_everybody:
        may = true;
        break;
      case Doing::soften_session:
        may = request->session == before.id;
        break;
      case Doing::refresh: {
        const Generation shown_now = request->generation;
        may = request->session == before.id && shown_now < before.issued;
        // Its client never had the newest pair: that reply was lost, or is on its way.
        if (may && shown_now == before.issued - 1 && before.shown < before.issued) may = false;
        if (!may) {
          return breaks(Invariant::newest_works,
                        fmt::format("a refresh with generation {} of {} ended its session",
                                    shown_now, before.issued));
        }
        break;
      }
      default:
        break;
    }
  }
  if (!may) {
    const char* how = row.ended == Ended::for_good ? "for good" : "softly";
    breaks(row.ended == Ended::for_good ? Invariant::no_hard_logout : Invariant::caused,
           fmt::format(
               "{} ended session {:x} {} that it may not end, used {} ms ago", name_of(cause.doing),
               static_cast<std::int64_t>(before.id) & 0xffffff, how,
               std::chrono::duration_cast<std::chrono::milliseconds>(schedule_.now() - before.used)
                   .count()));
  }
}

void Truth::judge_loss(const Cause& cause, const Known& known) {
  const bool cleared = cause.doing == Doing::purge || cause.doing == Doing::login;
  if (known.ended == Ended::for_good && cleared) {
    const bool old = schedule_.now() - known.since > setting_.policy.remember_ended - kSkew;
    if (old || known.went_back || setting_.clocks_are_set || cause.doing == Doing::login) return;
    return breaks(Invariant::stays_ended, "a session was cleared away that had just ended");
  }
  if (known.ended == Ended::softly && cause.doing == Doing::login) return;  // folded
  breaks(Invariant::lives,
         fmt::format("{} deleted a session that was not over", name_of(cause.doing)));
}

// What ends one thing of several ends all of them.
void Truth::judge_whole(const Cause& cause, std::span<const SessionId> ended,
                        bool password_changed) {
  const Request* const request = cause.request;
  if (request == nullptr || !ends_for_good(cause.doing)) return;
  if (ended.empty() && !password_changed) return;
  const Known* const shown = find(request->session);
  const auto left_open = [&](std::span<const SessionId> those, std::optional<DeviceKey> but) {
    return std::ranges::any_of(those, [&](SessionId id) {
      const Known& session = known_.at(id);
      return session.there && session.ended != Ended::for_good && (!but || session.device != but);
    });
  };
  bool open = false;
  switch (cause.doing) {
    case Doing::logout:
    case Doing::end_session:
      open = shown != nullptr && shown->device && left_open(of_device_[*shown->device], {});
      break;
    case Doing::logout_all:
    case Doing::deactivate:
    case Doing::sign_out:
      open = left_open(of_user_[request->user], {});
      break;
    case Doing::change_password:
      open = request->logout_devices && password_changed && shown != nullptr &&
             left_open(of_user_[request->user], shown->device);
      break;
    default:
      break;
  }
  if (open) {
    breaks(Invariant::caused,
           fmt::format("{} left a session open that it has to end", name_of(cause.doing)));
  }
}

// A clock that is behind the heartbeat tells nobody how much was lost after it, and one that was
// set back nothing of what began by the clock as it was before (docs/formats/sessions.md, "Three
// cases are beyond these rules").
void Truth::excuse_lost(db::Tx& tx, Time clock) {
  const auto heartbeat = tx.one<Time>("SELECT at FROM heartbeat WHERE id = 1");
  const Time beat = heartbeat ? std::get<0>(*heartbeat) : Time::min() + 1h;
  for (auto& [id, known] : known_) {
    if (known.there || !known.went_back) continue;
    const Time born = IdSource::born(id);
    const bool behind = clock < beat && born > beat - sessions::kHeartbeatMargin;
    if (behind || born > clock + sessions::kHeartbeatMargin) known.excused = true;
  }
}

void Truth::went_back(db::Tx& tx, Time clock) {
  ++epoch_;
  std::unordered_map<SessionId, Row> rows;
  tx.each<SessionId, UserId, std::optional<DeviceKey>, bool, Ended, Generation, Time, Generation,
          Time>("SELECT id, " + std::string(Row::kColumns) + " FROM sessions",
                [&](SessionId id, UserId user, std::optional<DeviceKey> device, bool refreshes,
                    Ended ended, Generation seen, Time seen_at, Generation issued, Time issued_at) {
                  rows.emplace(
                      id, Row{user, device, refreshes, ended, seen, seen_at, issued, issued_at});
                });
  std::unordered_map<SessionId, Time> active;
  tx.each<SessionId, Time>("SELECT id, last_active_at FROM sessions",
                           [&](SessionId id, Time at) { active.emplace(id, at); });
  for (auto& [id, known] : known_) {
    const auto row = rows.find(id);
    if (row != rows.end()) {
      // Of a use that is lost nobody knows: what counts is the newest that is there.
      const auto ago = clock - std::max(active.at(id), IdSource::born(id));
      known.used = std::min(known.used, schedule_.now() - ago);
      // The same generation may have been handed out again since: an answer on its way then speaks
      // of a pair that is younger than the row.
      const Row& now = row->second;
      const bool same = known.there && now.ended == known.ended && now.issued == known.issued &&
                        now.issued_at == known.issued_at && now.seen == known.seen &&
                        now.seen_at == known.seen_at;
      known.went_back = known.went_back || !same;
      take(known, now);
      continue;
    }
    if (known.there) {
      known.since = schedule_.now();
      known.ended_until = known.ended == Ended::live ? known.ended_until : schedule_.now();
    }
    known.there = false;
    known.went_back = true;
  }
  excuse_lost(tx, clock);
  tx.each<UserId, bool, bool, std::optional<std::string>>(
      "SELECT id, locked_at IS NOT NULL, deactivated_at IS NOT NULL, password_hash FROM users",
      [&](UserId id, bool locked, bool deactivated, const std::optional<std::string>& hash) {
        Account& known = accounts_[id];
        const bool was_over = known.locked || known.deactivated;
        if ((locked || deactivated) != was_over) {
          (was_over ? known.until : known.since) = schedule_.now();
        }
        known.locked = locked;
        known.deactivated = deactivated;
        known.said_by = 0;
        take_password(known, hash.value_or(""));
      });
}

}  // namespace latchkey::simulation
