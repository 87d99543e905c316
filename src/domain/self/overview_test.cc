#include "domain/self/overview.h"

#include <gtest/gtest.h>

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;

TEST(LongUnused, IsWhatNobodyHasUsedForMoreThanNinetyDays) {
  const Time now = from_millis(1'800'000'000'000);
  struct Row {
    std::string_view device;
    std::optional<Time> last_used_at;
    bool here;
    bool unused;
  };
  for (const Row& row : {
           Row{"used just now", now, false, false},
           Row{"for exactly 90 days", now - 24h * 90, false, false},
           Row{"for a moment longer", now - 24h * 90 - 1ms, false, true},
           Row{"never used", std::nullopt, false, true},
           Row{"let in by the browser that asks", now - 24h * 900, true, false},
           Row{"let in by it and never used", std::nullopt, true, false},
       }) {
    AccountDevice device;
    device.last_used_at = row.last_used_at;
    device.here = row.here;
    EXPECT_EQ(long_unused(device, now), row.unused) << row.device;
  }
}

}  // namespace
}  // namespace latchkey::self
