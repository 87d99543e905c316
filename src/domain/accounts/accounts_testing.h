#pragma once

#include <string>
#include <vector>

#include "domain/accounts/administration.h"
#include "domain/sessions/sessions_testing.h"

namespace latchkey::accounts::testing {

inline const Operator kOperator{"the test", "local"};

// Hashes that take no time to make, on two threads.
PasswordOptions cheap_passwords();

// The base of tests that need users with passwords, on both engines.
class AccountsOnEachEngine : public sessions::testing::OnEachEngine {
 protected:
  std::optional<User> user(std::string_view localpart);

  Passwords passwords_{cheap_passwords()};
  std::vector<std::string> administration_log_;  // JSON, a line each
  Administration administration_{server_.ground(), *server_, passwords_, "example.com", log()};

 private:
  telemetry::Log log();
};

}  // namespace latchkey::accounts::testing
