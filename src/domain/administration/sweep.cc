#include "domain/administration/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/self/operations.h"
#include "platform/text/counted.h"

namespace latchkey::administration {
namespace {

using Why = AdminRefused::Why;

constexpr std::int64_t kBatch = 200;  // of links that are read at once
constexpr std::size_t kMostWaiting = 4;
constexpr std::chrono::seconds kPatience{10};  // with one person

std::unexpected<AdminRefused> not_done(std::string sentence) {
  return std::unexpected(AdminRefused{.why = Why::not_done, .subject = std::move(sentence)});
}

// Who has locked an account, in the audit: by this it is known whose lock may be lifted.
std::string actor_of(const providers::Provider& directory) {
  return "sweep of " + directory.options.id;
}

bool locked_by(db::Tx& tx, std::string_view actor, const std::string& target) {
  const auto last = accounts::audit::last_of(tx, target, "user lock", "user unlock");
  return last && last->action == "user lock" && last->by.name == actor;
}

}  // namespace

std::size_t most_missed(std::size_t linked, std::size_t percent) {
  return std::max<std::size_t>(1, linked * percent / 100);
}

Sweep::Sweep(const Ground& ground, Administration& administration, std::string server_name)
    : ground_(ground),
      administration_(administration),
      server_name_(std::move(server_name)),
      thread_(1, kMostWaiting) {}

Sweep::~Sweep() { stop_.request_stop(); }

Task<Sweep::Result<SweepReport>> Sweep::run(Operator by, const providers::Provider& directory,
                                            bool apply) {
  auto done =
      co_await thread_.run([&] { return run_now(by, directory, apply, stop_.get_token()); });
  if (!done) co_return not_done("other sweeps are under way; try again");
  co_return *std::move(done);
}

Sweep::Result<Sweep::Found> Sweep::look_up(const providers::Provider& directory,
                                           const std::stop_token& stop) {
  Found found;
  std::string after;
  for (;;) {
    const auto links = ground_.db.read_now(
        [&](db::Tx& tx) { return providers::links_to(tx, directory.options.id, after, kBatch); });
    if (links.empty()) return found;
    after = links.back().subject;
    for (const providers::Link& link : links) {
      if (stop.stop_requested()) return not_done("the server is stopping");
      const CallLimits limits{.deadline = std::chrono::steady_clock::now() + kPatience,
                              .stop = stop};
      const auto presence = directory.password->look_up(link.subject, limits);
      if (!presence) {
        return not_done(fmt::format("nothing was done, for the directory could not be asked: {}",
                                    presence.error().sentence));
      }
      // Who is there by one of several is there.
      const auto [known, first] = found.emplace(link.user, *presence);
      if (!first) known->second = std::min(known->second, *presence);
    }
  }
}

std::optional<Sweep::Change> Sweep::change_of(db::Tx& tx, const std::string& actor,
                                              const sessions::Account& account, Presence presence) {
  const std::string target = accounts::matrix_id(account.localpart, server_name_);
  const bool there = presence == Presence::there;
  if (account.deactivated_at || there != account.locked_at.has_value()) return std::nullopt;
  if (there && !locked_by(tx, actor, target)) return std::nullopt;
  return Change{.user = account.id, .lock = !there, .person = {target, presence}};
}

Sweep::Result<SweepReport> Sweep::run_now(const Operator& by, const providers::Provider& directory,
                                          bool apply, const std::stop_token& stop) {
  const auto found = look_up(directory, stop);
  if (!found) return std::unexpected(found.error());
  const std::string actor = actor_of(directory);
  SweepReport report{.linked = found->size(),
                     .most = most_missed(found->size(), directory.options.sweep_at_most)};
  std::vector<Change> changes;
  for (const auto& [id, presence] : *found) {
    auto change = ground_.db.read_now([&](db::Tx& tx) -> std::optional<Change> {
      const auto user = accounts::find_user_by_id(tx, id);
      return user ? change_of(tx, actor, user->account, presence) : std::nullopt;
    });
    if (!change) continue;
    (change->lock ? report.missed : report.back).push_back(change->person);
    changes.push_back(*std::move(change));
  }
  std::ranges::sort(report.missed, {}, &SweepReport::Person::user);
  std::ranges::sort(report.back, {}, &SweepReport::Person::user);
  if (!apply) return report;
  if (report.missed.size() > report.most) {
    return not_done(fmt::format(
        "nothing was done: of {}, {} would be locked, and more than {} at once are taken "
        "for a mistake (sweep_at_most)",
        text::counted(report.linked, "account"), report.missed.size(), report.most));
  }
  for (const Change& change : changes) {
    if (stop.stop_requested()) return not_done("the server is stopping");
    apply_change(by, directory, change);
  }
  report.applied = true;
  return report;
}

// As the account is by now: between the look and the lock it may have been unlinked, or locked by
// somebody else.
void Sweep::apply_change(const Operator& by, const providers::Provider& directory,
                         const Change& change) {
  const std::string actor = actor_of(directory);
  ground_.db.write_now([&](db::Tx& tx) {
    auto who = self::Admission::admit(tx, self::OperatorProof{.user = change.user});
    if (!who) return;
    const auto links = providers::links_of(tx, change.user);
    const bool linked = std::ranges::any_of(
        links, [&](const providers::Link& link) { return link.provider == directory.options.id; });
    if (!linked || !change_of(tx, actor, who->account, change.person.presence)) return;
    administration_.set(tx, {actor, by.address}, *who, Measure::lock, change.lock);
  });
}

}  // namespace latchkey::administration
