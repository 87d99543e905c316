#include "bench/store.h"

#include <fmt/format.h>

#include <stdexcept>

#include "domain/schema/schema.h"

namespace latchkey::bench {
namespace {

// A fast disk signs the same few people in more often than anybody has devices.
sessions::Policy without_a_limit() {
  sessions::Policy policy;
  policy.maximum_per_user = 1'000'000;
  return policy;
}

}  // namespace

Store::Store(const std::string& directory, const Clock* clock)
    : clock_(clock == nullptr ? system_clock_ : *clock),
      db_(db::open("sqlite://" + directory + "/latchkey.db")),
      ground_{.db = *db_,
              .clock = clock_,
              .ids = ids_,
              .events = events_,
              .metrics = metrics_,
              .log = telemetry::Log({.level = telemetry::Level::warning})} {
  db::migrate(*db_, schema::migrations());
  const std::string key_file = directory + "/latchkey.keys";
  auto keys = keys::open_keys(*db_, key_file, clock_.now());
  if (!keys) throw std::runtime_error(keys.error());
  sessions_ =
      std::make_unique<sessions::Sessions>(sessions::Sessions::Parts{.ground = ground_,
                                                                     .policy = without_a_limit(),
                                                                     .key_file = key_file,
                                                                     .keys = *keys,
                                                                     .workers = 1});
  sessions_->heartbeat();
}

Store::~Store() { db_->close(); }

std::string user_name(std::size_t number) { return fmt::format("user{:016}", number); }

sessions::NewSession session_wanted(std::size_t number) {
  return {
      .device_id = std::nullopt,
      .device = {.display_name = fmt::format("device {:013}", number % 1000)},
      .refreshes = false,
      .origin = {.address = fmt::format("203.0.113.{}", number % 256),
                 .user_agent = fmt::format("{:-<80}", fmt::format("Element/1.{}", number % 16))}};
}

}  // namespace latchkey::bench
