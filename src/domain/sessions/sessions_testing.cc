#include "domain/sessions/sessions_testing.h"

#include <stdexcept>

#include "domain/schema/schema.h"
#include "domain/sessions/listeners.h"
#include "platform/db/migration.h"
#include "platform/error_testing.h"

namespace latchkey::sessions::testing {

TestSessions::TestSessions(db::Dialect dialect, const Policy& policy)
    : database_(dialect), policy_(policy) {
  listen(events, clock, [this]() -> const Announcer& { return sessions_->announcer(); });
  database_.reopen();
  db::migrate(*database_, schema::migrations());
  make_sessions();
}

TestSessions::~TestSessions() = default;

void TestSessions::make_sessions() {
  auto keys = keys::open_keys(*database_, key_file(), clock.now());
  if (!keys) throw std::runtime_error(error_of(keys));
  telemetry::LogOptions options;
  options.format = telemetry::LogFormat::json;
  ids_.emplace();
  ground_.emplace(Ground{
      .db = *database_,
      .clock = clock,
      .ids = *ids_,
      .events = events,
      .metrics = metrics_,
      .log = telemetry::Log(options, [this](std::string_view line) { log_.emplace_back(line); })});
  sessions_ = std::make_unique<Sessions>(Sessions::Parts{.ground = *ground_,
                                                         .policy = policy_,
                                                         .key_file = key_file(),
                                                         .keys = std::move(*keys),
                                                         .workers = kWorkers});
  database_->write_now([&](db::Tx& tx) { sessions_->note_gap(tx); });
}

void TestSessions::crash() {
  sessions_.reset();
  database_.reopen();
  make_sessions();
}

void TestSessions::crash_and_take(const Policy& policy) {
  policy_ = policy;
  crash();
}

Account TestSessions::add_user(const std::string& localpart) {
  Account account;
  account.id = ids_->next<UserId>(clock.now());
  account.localpart = localpart;
  sql("INSERT INTO users (id, localpart, created_at) VALUES (:id, :localpart, :now)", account.id,
      localpart, clock.now());
  return account;
}

NewSession TestSessions::refreshing(std::optional<std::string> device_id) {
  return {.device_id = std::move(device_id),
          .refreshes = true,
          .origin = {.address = "192.0.2.1", .user_agent = "Client/1.0"}};
}

std::expected<Session, StartRefusal> TestSessions::start(const Account& account,
                                                         const NewSession& wanted) {
  return db().write_now([&](db::Tx& tx) {
    return sessions_->start(tx, lock_account(tx, account.id).value(), wanted);
  });
}

TestSessions::SignedIn TestSessions::sign_in(const Account& account, const NewSession& wanted) {
  Session session = start(account, wanted).value();
  TokenPair tokens = sessions_->tokens_of(0, session.record);
  return {std::move(session), std::move(tokens)};
}

bool TestSessions::remembers(std::string_view token, std::size_t worker) {
  return sessions_->recall(use(worker), token) != nullptr;
}

Verdict TestSessions::look(std::string_view token, std::size_t worker) {
  return run(sessions_->check(use(worker), token));
}

Standing TestSessions::check(std::string_view token, Duration slack, std::size_t worker) {
  if (remembers(token, worker)) return {Worth::active, Reason::good, std::nullopt};
  return run(sessions_->check(use(worker), token, slack)).standing;
}

std::expected<TokenPair, Standing> TestSessions::refresh(std::string_view token,
                                                         std::size_t worker) {
  return run(sessions_->refresh(use(worker), token));
}

std::expected<void, Standing> TestSessions::sign_out(std::string_view token) {
  return run(sessions_->sign_out(use(), token));
}

std::expected<void, Standing> TestSessions::sign_out_everywhere(std::string_view token) {
  return run(sessions_->sign_out_everywhere(use(), token));
}

Session TestSessions::session(SessionId id) {
  return db().read_now([id](db::Tx& tx) { return find_session(tx, id).value(); });
}

bool TestSessions::has_row(SessionId id) {
  return db().read_now([id](db::Tx& tx) { return find_session(tx, id).has_value(); });
}

void TestSessions::put_back(const Record& row) {
  db().write_now([&](db::Tx& tx) { update_session(tx, row); });
  sessions_->changes().everything_changed();
}

void TestSessions::lose_row(SessionId id) {
  sql("DELETE FROM sessions WHERE id = :id", id);
  sessions_->changes().everything_changed();
}

void TestSessions::lock(const Account& account, bool locked) {
  db().write_now([&](db::Tx& tx) {
    tx.run("UPDATE users SET locked_at = :at WHERE id = :id",
           locked ? std::optional(clock.now()) : std::nullopt, account.id);
    if (locked) {
      events.tell(tx, events::AccountLocked{account.id});
    } else {
      events.tell(tx, events::AccountUnlocked{account.id});
    }
  });
}

void TestSessions::suspend(const Account& account) {
  db().write_now([&](db::Tx& tx) {
    tx.run("UPDATE users SET suspended_at = :at WHERE id = :id", clock.now(), account.id);
    events.tell(tx, events::AccountSuspended{account.id});
  });
}

}  // namespace latchkey::sessions::testing
