#include "domain/sessions/reach.h"

#include <gtest/gtest.h>

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using Turn = Reach::Turn;

class ReachTest : public ::testing::Test {
 protected:
  Reach::Clock::time_point now_{1h};
  Reach reach_;
};

TEST_F(ReachTest, OneProbesAndTheOthersWaitForIt) {
  EXPECT_EQ(reach_.turn(now_), Turn::probe);
  EXPECT_EQ(reach_.turn(now_), Turn::wait);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBudget - 1ms), Turn::wait);
  reach_.answered(now_ + Reach::kBudget - 1ms);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBudget), Turn::ask);
}

TEST_F(ReachTest, AnAnswerIsBelievedForAMomentAndThenAskedForAgain) {
  reach_.turn(now_);
  reach_.answered(now_);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved - 1ms), Turn::ask);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved), Turn::probe);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved), Turn::wait);
}

TEST_F(ReachTest, PastTheBudgetEverybodyIsRefusedUntilTheProbeHasEnded) {
  reach_.turn(now_);
  now_ += Reach::kBudget;
  EXPECT_EQ(reach_.turn(now_), Turn::refuse);
  EXPECT_EQ(reach_.turn(now_ + 1min), Turn::refuse) << "not one more that hangs";
  reach_.answered(now_ + 1min);
  EXPECT_EQ(reach_.turn(now_ + 1min), Turn::refuse) << "a late answer is no quick one";
  EXPECT_EQ(reach_.turn(now_ + 1min + Reach::kBelieved), Turn::probe);
}

TEST_F(ReachTest, AFailureIsBelievedForAMoment) {
  reach_.turn(now_);
  reach_.failed(now_);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved - 1ms), Turn::refuse);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved), Turn::probe);
  reach_.answered(now_ + Reach::kBelieved);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBelieved), Turn::ask);
}

TEST_F(ReachTest, AConnectionThatWasMadeIsBelievedMoreThanAnOlderFailure) {
  reach_.turn(now_);
  reach_.failed(now_);
  reach_.connected(now_ + 1ms);
  EXPECT_EQ(reach_.turn(now_ + 2ms), Turn::ask);
  EXPECT_EQ(reach_.turn(now_ + 1ms + Reach::kBelieved), Turn::probe) << "for a moment";
}

TEST_F(ReachTest, AProbeFromBeforeAConnectionRefusesNobodyAfterIt) {
  reach_.turn(now_);
  reach_.connected(now_ + Reach::kBudget);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBudget), Turn::ask) << "nobody waits for it any more";
  reach_.failed(now_ + Reach::kBudget + 1ms);
  EXPECT_EQ(reach_.turn(now_ + Reach::kBudget + 1ms), Turn::ask);
}

TEST_F(ReachTest, AFailureAfterAConnectionCounts) {
  reach_.connected(now_);
  now_ += Reach::kBelieved;
  EXPECT_EQ(reach_.turn(now_), Turn::probe);
  reach_.failed(now_ + 1ms);
  EXPECT_EQ(reach_.turn(now_ + 1ms), Turn::refuse);
}

}  // namespace
}  // namespace latchkey::sessions
