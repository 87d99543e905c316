#include "domain/accounts/accounts_testing.h"

namespace latchkey::accounts::testing {

PasswordOptions cheap_passwords() {
  PasswordOptions options;
  options.hashing.hash_memory = config::Bytes{64 * 1024};
  options.hashing.hash_passes = 1;
  options.hashing.hash_threads = 2;
  return options;
}

void AdministrationNow::record(const Operator& by, const std::string& action,
                               const std::string& target, const std::string& detail) {
  // Of a Task<void>, which run() has no result of.
  const auto recorded = [&]() -> Task<bool> {
    co_await administration_.record(by, action, target, detail);
    co_return true;
  };
  run(recorded());
}

std::optional<User> AccountsOnEachEngine::user(std::string_view localpart) {
  return server_.db().read_now([&](db::Tx& tx) { return find_user(tx, localpart); });
}

telemetry::Log AccountsOnEachEngine::log() {
  telemetry::LogOptions options;
  options.format = telemetry::LogFormat::json;
  return {options, [this](std::string_view line) { administration_log_.emplace_back(line); }};
}

}  // namespace latchkey::accounts::testing
