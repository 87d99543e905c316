#include "domain/cluster/clock_skew.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace latchkey::cluster {
namespace {

constexpr int kMeasurements = 3;

Time ask(db::Database& database) {
  return database.read_now([](db::Tx& tx) {
    return from_millis(std::get<0>(*tx.one<std::int64_t>(
        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")));
  });
}

}  // namespace

Duration Skew::certain() const {
  return std::max(Duration{0}, std::chrono::abs(ahead) - uncertainty);
}

Skew measure_skew(db::Database& database, const Clock& clock) {
  Skew best{.ahead = {}, .uncertainty = Duration::max()};
  for (int i = 0; i < kMeasurements; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const Time there = ask(database);
    const Time here = clock.now();
    const auto took =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
    const Duration half = took / 2;
    if (half >= best.uncertainty) continue;
    best = {.ahead = here - half - there, .uncertainty = half};
  }
  return best;
}

SkewVerdict judge_skew(const Skew& skew, const ClusterOptions& options) {
  if (options.clock_skew_refused && skew.certain() > *options.clock_skew_refused) {
    return SkewVerdict::refused;
  }
  return skew.certain() > options.clock_skew_warned ? SkewVerdict::warned : SkewVerdict::fine;
}

bool own_fault(Duration skew_before, Duration skew_now, Duration moved) {
  const Duration grown = skew_now - skew_before;
  return std::chrono::abs(grown - moved) < std::chrono::abs(grown) / 2;
}

}  // namespace latchkey::cluster
