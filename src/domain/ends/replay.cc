#include "domain/ends/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/user_rows.h"
#include "domain/self/operations.h"
#include "domain/self/proof.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/text/counted.h"

namespace latchkey::ends {
namespace {

using administration::AdminRefused;
using administration::Measure;

constexpr std::size_t kMostWaiting = 4;
constexpr std::int64_t kPage = 500;

std::unexpected<AdminRefused> not_done(std::string sentence) {
  return std::unexpected(
      AdminRefused{.why = AdminRefused::Why::not_done, .subject = std::move(sentence)});
}

void take_newer(std::optional<Line>& kept, const Line& line) {
  if (!kept || kept->at <= line.at) kept = line;
}

// Whether that session is to end as the line says: it lives, or it has ended softly where it had
// ended for good, and nobody has signed in on its device since.
bool lives_again(db::Tx& tx, const sessions::Session& session, Ended how) {
  const Ended now = session.record.ended;
  if (now == Ended::live) return true;
  return now == Ended::softly && how == Ended::for_good &&
         !sessions::newer_session_on_device(tx, session.record);
}

// What there is to be done for an account.
struct Due {
  std::string name;
  bool deactivated = false;  // or about to be
  bool lock = false;
  bool deactivate = false;
  bool older_password = false;
};

Due due_of(const sessions::Account& account, const std::optional<Line>& lock,
           const std::optional<Line>& goes) {
  const bool deactivate = goes && goes->what == What::deactivated && !account.deactivated_at;
  return {.name = account.localpart,
          .deactivated = deactivate || account.deactivated_at.has_value(),
          .lock = lock && lock->what == What::locked && !account.locked_at,
          .deactivate = deactivate};
}

}  // namespace

void ReplayReport::People::add(std::string name) {
  ++count;
  if (names.size() < kMostListed) names.push_back(std::move(name));
}

Replay::Replay(const Ground& ground, sessions::Sessions& sessions,
               administration::Administration& administration, std::string server_name)
    : ground_(ground),
      sessions_(sessions),
      administration_(administration),
      server_name_(std::move(server_name)),
      thread_(1, kMostWaiting) {}

Task<Replay::Result<ReplayReport>> Replay::run(accounts::Operator by,
                                               std::vector<std::string> files, bool apply) {
  auto done = co_await thread_.run([&] { return run_now(by, files, apply); });
  if (!done) co_return std::unexpected(AdminRefused{.why = AdminRefused::Why::upkeep_busy});
  co_return *std::move(done);
}

Replay::Result<ReplayReport> Replay::run_now(const accounts::Operator& by,
                                             const std::vector<std::string>& files, bool apply) {
  // All of them first: half a replay because of a mistyped name would look like a whole one.
  for (const std::string& file : files) {
    if (!std::filesystem::is_regular_file(file) || !std::ifstream(file)) {
      return not_done(fmt::format("{}: cannot be read", file));
    }
  }
  ReplayReport report{.listed = {}, .locked = {}, .deactivated = {}, .older_passwords = {}};
  States states;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    // What is ended here is appended to the journal in turn, which may be this file.
    const auto size = std::filesystem::file_size(file);
    std::uintmax_t read = 0;
    for (std::string text; read < size && std::getline(in, text);) {
      read += text.size() + 1;
      if (text.empty()) continue;
      ++report.lines;
      if (const auto line = parse_line(text)) {
        take_line(*line, states, report, apply);
      } else {
        ++report.unreadable;
      }
    }
    if (in.bad()) return not_done(fmt::format("{}: cannot be read to its end", file));
  }
  take_states(by, states, report, apply);
  report.applied = apply;
  if (apply) {
    ground_.db.write_now([&](db::Tx& tx) {
      administration_.note(tx, by, "session replay-ends", "everybody",
                           text::counted(report.sessions, "session"));
    });
  }
  return report;
}

void Replay::take_line(const Line& line, States& states, ReplayReport& report, bool apply) {
  switch (line.what) {
    case What::session:
      if (!end_session(line, apply)) return;
      ++report.sessions;
      if (report.listed.size() < ReplayReport::kMostListed) report.listed.push_back(line);
      return;
    case What::browser:
      report.browsers += end_browser(line, apply) ? 1 : 0;
      return;
    case What::everybody:
      report.sessions += end_everybody(line.at, apply);
      return;
    case What::locked:
    case What::unlocked:
      return take_newer(states[*line.user].lock, line);
    case What::deactivated:
    case What::reactivated:
      if (line.what == What::reactivated) states[*line.user].erased = false;
      return take_newer(states[*line.user].goes, line);
    case What::erased:
      states[*line.user].erased = true;
      return;
    case What::password:
      auto& password = states[*line.user].password;
      password = std::max(password.value_or(line.at), line.at);
      return;
  }
}

bool Replay::end_session(const Line& line, bool apply) {
  const auto wanted = [&](db::Tx& tx) -> std::optional<sessions::Session> {
    auto session = sessions::find_session(tx, *line.session);
    if (!session || session->account.id != *line.user) return std::nullopt;
    return lives_again(tx, *session, line.how) ? session : std::nullopt;
  };
  if (!ground_.db.read_now([&](db::Tx& tx) { return wanted(tx).has_value(); })) return false;
  if (!apply) return true;
  return ground_.db.write_now([&](db::Tx& tx) {
    sessions::lock_account(tx, *line.user);
    const auto session = wanted(tx);
    return session && sessions_.end(tx, *session, line.how, line.why);
  });
}

bool Replay::end_browser(const Line& line, bool apply) {
  const bool there = ground_.db.read_now([&](db::Tx& tx) {
    const auto browser = signin::find_browser_by_id(tx, *line.browser);
    return browser && browser->account.id == *line.user;
  });
  if (!there || !apply) return there;
  ground_.db.write_now([&](db::Tx& tx) {
    sessions::lock_account(tx, *line.user);
    signin::delete_browser_of(tx, ground_.events, *line.user, *line.browser);
  });
  return true;
}

// Those that had begun by then. Softly, as it was done.
std::size_t Replay::end_everybody(Time before, bool apply) {
  std::size_t ended = 0;
  for (SessionId after{};;) {
    const auto page = ground_.db.read_now([&](db::Tx& tx) {
      return tx.all<SessionId, UserId>(
          "SELECT id, user_id FROM sessions WHERE id > :after AND ended = 0 ORDER BY id"
          " LIMIT :limit",
          after, kPage);
    });
    for (const auto& [id, user] : page) {
      after = id;
      if (IdSource::born(id) > before) return ended;  // ids rise with time
      const bool over = !apply || end_session({.what = What::session,
                                               .at = before,
                                               .user = user,
                                               .session = id,
                                               .how = Ended::softly,
                                               .why = EndReason::administrator_softly},
                                              true);
      ended += over ? 1 : 0;
    }
    if (page.empty()) return ended;
  }
}

void Replay::take_states(const accounts::Operator& by, const States& states, ReplayReport& report,
                         bool apply) {
  for (const auto& [user, state] : states) {
    // Read with an account's lock: the two steps may follow each other.
    const auto look = [&](db::Tx& tx) -> std::optional<Due> {
      const auto found = accounts::find_user_by_id(tx, user);
      if (!found) return std::nullopt;
      Due due = due_of(found->account, state.lock, state.goes);
      due.older_password =
          state.password && !due.deactivated && sessions::in_gap(tx, *state.password);
      return due;
    };
    const auto due = ground_.db.read_now(look);
    if (!due) continue;
    if (due->lock) report.locked.add(due->name);
    if (due->deactivate) report.deactivated.add(due->name);
    if (due->older_password) report.older_passwords.add(due->name);
    if (!apply || (!due->lock && !due->deactivate)) continue;
    ground_.db.write_now([&](db::Tx& tx) {
      auto who =
          self::Admission::admit(tx, self::OperatorProof{.user = user, .deactivated_too = true});
      if (!who) return;
      const Due now = due_of(who->account, state.lock, state.goes);
      if (now.lock) administration_.set(tx, by, *who, Measure::lock, true);
      if (now.deactivate) {
        self::deactivate(tx, ground_, sessions_, *who, state.erased);
        administration_.note(tx, by, "user deactivate", accounts::matrix_id(now.name, server_name_),
                             state.erased ? "erased" : "");
      }
    });
  }
}

}  // namespace latchkey::ends
