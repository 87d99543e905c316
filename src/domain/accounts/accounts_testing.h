#pragma once

#include <string>
#include <vector>

#include "domain/administration/administration.h"
#include "domain/sessions/sessions_testing.h"

namespace latchkey::accounts::testing {

inline const Operator kOperator{"the test", "local"};

// Hashes that take no time to make, on two threads.
PasswordOptions cheap_passwords();

// The operations of administration, each run to its end.
class AdministrationNow {
 public:
  explicit AdministrationNow(administration::Administration administration)
      : administration_(std::move(administration)) {}

  using Administration = administration::Administration;
  template <class T = void>
  using Result = Administration::Result<T>;

  Administration& operator*() { return administration_; }

  auto create_user(const Operator& by, const std::string& name,
                   const std::optional<std::string>& password, bool admin) {
    return run(administration_.create_user(by, name, password, admin));
  }
  auto set_password(const Operator& by, const std::string& name, const std::string& password) {
    return run(administration_.set_password(by, name, password));
  }
  auto recovery_link(const Operator& by, const std::string& name, Duration lifetime) {
    return run(administration_.recovery_link(by, name, lifetime));
  }
  auto lock(const Operator& by, const std::string& name) {
    return run(administration_.lock(by, name));
  }
  auto unlock(const Operator& by, const std::string& name) {
    return run(administration_.unlock(by, name));
  }
  auto suspend(const Operator& by, const std::string& name) {
    return run(administration_.suspend(by, name));
  }
  auto unsuspend(const Operator& by, const std::string& name) {
    return run(administration_.unsuspend(by, name));
  }
  auto deactivate(const Operator& by, const std::string& name, bool erase) {
    return run(administration_.deactivate(by, name, erase));
  }
  auto reactivate(const Operator& by, const std::string& name) {
    return run(administration_.reactivate(by, name));
  }
  auto set_admin(const Operator& by, const std::string& name, bool admin) {
    return run(administration_.set_admin(by, name, admin));
  }
  auto add_threepid(const Operator& by, const std::string& name, const std::string& medium,
                    const std::string& address) {
    return run(administration_.add_threepid(by, name, medium, address));
  }
  auto remove_threepid(const Operator& by, const std::string& name, const std::string& medium,
                       const std::string& address) {
    return run(administration_.remove_threepid(by, name, medium, address));
  }
  auto list_threepids(const std::string& name) { return run(administration_.list_threepids(name)); }
  auto list_sessions(const std::string& name) { return run(administration_.list_sessions(name)); }
  auto soft_logout_user(const Operator& by, const std::string& name) {
    return run(administration_.soft_logout_user(by, name));
  }
  auto soft_logout_everybody(const Operator& by) {
    return run(administration_.soft_logout_everybody(by));
  }
  auto end_session(const Operator& by, SessionId id) {
    return run(administration_.end_session(by, id));
  }
  auto soft_logout_session(const Operator& by, SessionId id) {
    return run(administration_.soft_logout_session(by, id));
  }
  auto mark_gap(const Operator& by, Time from, Time to) {
    return run(administration_.mark_gap(by, from, to));
  }
  auto create_registration_token(const Operator& by, const Administration::NewToken& wanted) {
    return run(administration_.create_registration_token(by, wanted));
  }
  auto list_registration_tokens() { return run(administration_.list_registration_tokens()); }
  auto revoke_registration_token(const Operator& by, RegistrationTokenId id) {
    return run(administration_.revoke_registration_token(by, id));
  }
  void note(db::Tx& tx, const Operator& by, std::string_view action, std::string_view target) {
    administration_.note(tx, by, action, target);
  }
  void record(const Operator& by, const std::string& action, const std::string& target,
              const std::string& detail);
  auto list_audit(const std::optional<std::string>& name, std::int64_t limit) {
    return run(administration_.list_audit(name, limit));
  }

 private:
  template <class T>
  static T run(Task<T> task) {
    return sessions::testing::run(std::move(task));
  }

  Administration administration_;
};

// The base of tests that need users with passwords, on both engines.
class AccountsOnEachEngine : public sessions::testing::OnEachEngine {
 protected:
  std::optional<User> user(std::string_view localpart);

  Passwords passwords_{cheap_passwords()};
  std::vector<std::string> administration_log_;  // JSON, a line each
  AdministrationNow administration_{
      administration::Administration(server_.ground(), *server_, passwords_, "example.com", log())};

 private:
  telemetry::Log log();
};

}  // namespace latchkey::accounts::testing
