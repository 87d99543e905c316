#include "domain/ends/recorder.h"

#include <string>
#include <utility>

namespace latchkey::ends {
namespace {

bool on_purpose(EndReason why) {
  return why != EndReason::taken_over && why != EndReason::generations_spent;
}

// Names for people. A line is good without them.
void name(db::Tx& tx, Line& line) {
  if (!line.user) return;
  if (const auto row =
          tx.one<std::string>("SELECT localpart FROM users WHERE id = :id", *line.user)) {
    line.name = std::get<0>(*row);
  }
  if (!line.session) return;
  if (const auto row = tx.one<std::optional<std::string>>(
          "SELECT device_id FROM sessions WHERE id = :id", *line.session)) {
    line.device_id = std::get<0>(*row).value_or("");
  }
}

}  // namespace

class Recorder::Pending {
 public:
  Pending(Recorder& recorder, const db::Tx& tx) : recorder_(recorder), tx_(&tx) {}
  ~Pending() {
    const std::scoped_lock lock(recorder_.mutex_);
    const auto found = recorder_.pending_.find(tx_);
    if (found != recorder_.pending_.end() && found->second == this) recorder_.pending_.erase(found);
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void add(Line line) { lines_.push_back(std::move(line)); }

  void write(db::Tx& tx) {
    std::vector<std::string> texts;
    for (Line& line : lines_) {
      name(tx, line);
      texts.push_back(format_line(line));
    }
    recorder_.journal_.append(texts);
    lines_.clear();
  }

 private:
  Recorder& recorder_;
  const db::Tx* const tx_;
  std::vector<Line> lines_;
};

void Recorder::note(db::Tx& tx, Line line) {
  line.at = clock_.now();
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = pending_.find(&tx); found != pending_.end()) {
      return found->second->add(std::move(line));
    }
  }
  // Gone with the transaction, whether it comes to its end or not.
  auto pending = std::make_shared<Pending>(*this, tx);
  pending->add(std::move(line));
  {
    const std::scoped_lock lock(mutex_);
    pending_[&tx] = pending.get();
  }
  // Nothing is to fail when it has been written.
  tx.just_before_commit([pending = std::move(pending)](db::Tx& ending) { pending->write(ending); });
}

void Recorder::listen(events::Events& events) {
  using namespace events;
  events.listen<SessionEnded>([this](db::Tx& tx, const SessionEnded& event) {
    if (!on_purpose(event.why)) return;
    note(tx, {.what = What::session,
              .user = event.user,
              .session = event.session,
              .how = event.how,
              .why = event.why});
  });
  events.listen<BrowserEnded>([this](db::Tx& tx, const BrowserEnded& event) {
    note(tx, {.what = What::browser, .user = event.user, .browser = event.browser});
  });
  events.listen<EverybodySignedOut>(
      [this](db::Tx& tx, const EverybodySignedOut&) { note(tx, {.what = What::everybody}); });
  const auto of_account = [this, &events]<class Event>(std::type_identity<Event>, What what) {
    events.listen<Event>([this, what](db::Tx& tx, const Event& event) {
      note(tx, {.what = what, .user = event.user});
    });
  };
  of_account(std::type_identity<AccountLocked>{}, What::locked);
  of_account(std::type_identity<AccountUnlocked>{}, What::unlocked);
  of_account(std::type_identity<AccountDeactivated>{}, What::deactivated);
  of_account(std::type_identity<AccountErased>{}, What::erased);
  of_account(std::type_identity<AccountReactivated>{}, What::reactivated);
  of_account(std::type_identity<PasswordReplaced>{}, What::password);
}

}  // namespace latchkey::ends
