#include "domain/ground/id_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "domain/identifiers.h"
namespace latchkey {
namespace {

using namespace std::chrono_literals;
constexpr Time kNoon = Time{Duration{1'800'000'000'000}};

TEST(IdSource, SaysWhenTheThingBegan) {
  IdSource ids;
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(kNoon)), kNoon);
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(kNoon + 1ms)), kNoon + 1ms);
}

TEST(IdSource, NeverRunsBack) {
  IdSource ids;
  ids.next<SessionId>(kNoon);
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(kNoon - 1h)), kNoon);
  EXPECT_EQ(ids.clock(kNoon - 1h), kNoon);
  EXPECT_EQ(ids.clock(kNoon + 1h), kNoon + 1h);
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(kNoon + 1min)), kNoon + 1min);
}

TEST(IdSource, MakesNoneFromBeforeItsFloor) {
  IdSource ids;
  ids.raise(kNoon);
  ids.raise(kNoon - 1h);
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(kNoon - 2h)), kNoon);
}

TEST(IdSource, ArePositiveUntilTheYear2109) {
  using namespace std::chrono;
  const Time end = sys_days{year{2109} / 1 / 1};
  IdSource ids;
  EXPECT_GT(ids.next<SessionId>(end), SessionId{});
  EXPECT_EQ(IdSource::born(ids.next<SessionId>(end)), end);
  EXPECT_GT(ids.next<SessionId>(Time{}), SessionId{});
}

// 21 random bits: among a hundred of one millisecond a pair is the same once in 400 times.
TEST(IdSource, OfOneMillisecondDiffer) {
  IdSource ids;
  std::set<SessionId> made;
  for (int i = 0; i < 100; ++i) made.insert(ids.next<SessionId>(kNoon));
  EXPECT_GE(made.size(), 98U);
}

TEST(IdSource, ServesSeveralThreads) {
  IdSource ids;
  std::atomic<bool> ran_back{false};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        Time newest = kNoon;
        for (int i = 0; i < 2000; ++i) {
          const Time born =
              IdSource::born(ids.next<SessionId>(kNoon + Duration{i * (thread + 1) % 997}));
          if (born < newest) ran_back = true;
          newest = born;
        }
      });
    }
  }
  EXPECT_FALSE(ran_back);
}

}  // namespace
}  // namespace latchkey
