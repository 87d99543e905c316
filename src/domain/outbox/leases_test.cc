#include "domain/outbox/leases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::outbox {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr LeaseWatch::Clock::time_point kStart{};

HeldLane held(int user, int claim) {
  return {{"mail", "", static_cast<UserId>(user)}, static_cast<Claim>(claim)};
}

using Standing = std::vector<HeldLane>;

TEST(LeaseWatch, AClaimIsAbandonedWhenItHasStoodForTheLease) {
  LeaseWatch watch(30s);
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart), IsEmpty());
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart + 30s - 1ms), IsEmpty());
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart + 30s), ElementsAre(held(1, 11)));
  // Until somebody puts it off.
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart + 31s), ElementsAre(held(1, 11)));
}

// However long it may have stood before: another machine's clock is not asked.
TEST(LeaseWatch, TheLeaseBeginsWhenTheClaimIsFirstSeen) {
  LeaseWatch watch(30s);
  EXPECT_THAT(watch.abandoned(Standing{}, kStart), IsEmpty());
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart + 24h), IsEmpty());
}

TEST(LeaseWatch, AWorkerThatGoesOnKeepsItsLane) {
  LeaseWatch watch(30s);
  for (int second = 0; second < 300; ++second) {
    const int claim = second / 20;  // another item every 20 seconds
    EXPECT_THAT(watch.abandoned(Standing{held(1, claim)}, kStart + second * 1s), IsEmpty());
  }
}

TEST(LeaseWatch, EachClaimHasALeaseOfItsOwn) {
  LeaseWatch watch(30s);
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11)}, kStart), IsEmpty());
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11), held(2, 22)}, kStart + 20s), IsEmpty());
  EXPECT_THAT(watch.abandoned(Standing{held(1, 11), held(2, 22)}, kStart + 40s),
              ElementsAre(held(1, 11)));
  EXPECT_THAT(watch.abandoned(Standing{held(2, 22)}, kStart + 50s), ElementsAre(held(2, 22)));
}

}  // namespace
}  // namespace latchkey::outbox
