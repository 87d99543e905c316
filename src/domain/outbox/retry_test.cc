#include "domain/outbox/retry.h"

#include <gtest/gtest.h>

namespace latchkey::outbox {
namespace {

using namespace std::chrono_literals;

TEST(RetryDelay, GrowsToACapAndHeedsTheDestination) {
  struct Case {
    int failures;
    std::optional<Duration> asked;
    double chance;
    Duration delay;
  };
  const Case cases[] = {
      // Half of it is certain, the rest is chance.
      {1, {}, 0.0, 500ms},
      {1, {}, 0.5, 750ms},
      {1, {}, 1.0, 1s},
      // Twice as long each time.
      {2, {}, 1.0, 2s},
      {3, {}, 1.0, 4s},
      {3, {}, 0.0, 2s},
      {6, {}, 1.0, 32s},
      // But never longer than a minute, however often.
      {7, {}, 1.0, 1min},
      {7, {}, 0.0, 30s},
      {1'000'000'000, {}, 1.0, 1min},
      // A destination that wants more time gets it, up to an hour; one that wants less does not.
      {1, 10s, 0.0, 10s},
      {9, 10s, 0.0, 30s},
      {1, 0s, 0.0, 500ms},
      {1, -5s, 0.0, 500ms},
      {1, 24h, 0.0, 1h},
      {1, Duration::max(), 0.0, 1h},
      // What is no count and no chance is taken for the nearest that is.
      {0, {}, 1.0, 1s},
      {-3, {}, 1.0, 1s},
      {1, {}, 7.0, 1s},
      {1, {}, -7.0, 500ms},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(retry_delay(c.failures, c.asked, c.chance), c.delay)
        << c.failures << " failures, chance " << c.chance;
  }
}

}  // namespace
}  // namespace latchkey::outbox
