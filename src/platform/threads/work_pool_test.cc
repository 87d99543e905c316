#include "platform/threads/work_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace latchkey::threads {
namespace {

using namespace std::chrono_literals;

// Keeps the pool's only thread busy until it goes.
class Busy {
 public:
  explicit Busy(WorkPool& pool) {
    pool.post([state = state_] {
      state->running.count_down();
      state->free.wait();
    });
    state_->running.wait();
  }
  ~Busy() { state_->free.count_down(); }

 private:
  struct State {
    std::latch running{1};
    std::latch free{1};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Runs `task` to its end on an io_context of this thread.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context context(1);
  std::optional<T> result;
  std::exception_ptr fault;
  boost::asio::co_spawn(context.get_executor(), std::move(task),
                        [&](std::exception_ptr thrown, T value) {
                          fault = thrown;
                          if (!thrown) result = std::move(value);
                        });
  context.run();
  if (fault) std::rethrow_exception(fault);
  return std::move(result.value());
}

TEST(WorkPool, RunsOnItsThreadsAndResumesOnTheCallers) {
  WorkPool pool(2, 10);
  const auto self = std::this_thread::get_id();
  const auto task = [&]() -> Task<bool> {
    const auto there = co_await pool.run([] { return std::this_thread::get_id(); });
    co_return there.has_value() && *there != self&& std::this_thread::get_id() == self;
  };
  EXPECT_TRUE(run(task()));
  EXPECT_EQ(pool.threads(), 2U);
}

TEST(WorkPool, ThreadsAreNice) {
  WorkPool pool(1, 10, 10);
  const int before = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(pool.run_now([] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }),
            std::min(before + 10, 19));
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

TEST(WorkPool, RefusesAtOnceWhenFull) {
  WorkPool pool(1, 1);
  {
    const Busy busy(pool);
    EXPECT_TRUE(pool.post([] {}));
    EXPECT_EQ(pool.queued(), 1U);
    EXPECT_FALSE(pool.post([] {}));
    EXPECT_EQ(pool.run_now([] { return 1; }), std::nullopt);
    const auto task = [&]() -> Task<std::optional<int>> {
      co_return co_await pool.run([] { return 1; });
    };
    EXPECT_EQ(run(task()), std::nullopt);
  }
  // The queued one may still be there when the next asks.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (pool.queued() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(pool.run_now([] { return 1; }), 1);
}

TEST(WorkPool, WhatGoesFirstTakesThePlaceOfTheNewestOther) {
  std::vector<std::string> done;
  std::vector<std::string> given_up;
  {
    WorkPool pool(1, 4);
    const Busy busy(pool);
    const auto post = [&](const std::string& name, Turn turn) {
      return pool.post([&done, name] { done.push_back(name); }, turn,
                       [&given_up, name] { given_up.push_back(name); });
    };
    EXPECT_FALSE(pool.crowded());
    for (const char* name : {"a", "b", "c", "d"}) EXPECT_TRUE(post(name, Turn::usual));
    EXPECT_TRUE(pool.crowded());
    EXPECT_FALSE(post("e", Turn::usual)) << "a newer one";
    for (const char* name : {"1", "2", "3"}) EXPECT_TRUE(post(name, Turn::first));
    EXPECT_EQ(given_up, (std::vector<std::string>{"d", "c", "b"}));
    EXPECT_TRUE(post("4", Turn::first));
    EXPECT_FALSE(post("5", Turn::first)) << "nobody is left to give way";
    EXPECT_FALSE(post("f", Turn::usual));
    EXPECT_EQ(pool.queued(), 4U);
  }
  EXPECT_EQ(done, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(given_up, (std::vector<std::string>{"d", "c", "b", "a"}));
}

TEST(WorkPool, NobodyWaitsForEver) {
  std::vector<std::string> done;
  {
    WorkPool pool(1, 100);
    const Busy busy(pool);
    const auto post = [&](const std::string& name, Turn turn) {
      EXPECT_TRUE(pool.post([&done, name] { done.push_back(name); }, turn));
    };
    post("other", Turn::usual);
    for (int i = 0; i < 20; ++i) post("first", Turn::first);
  }
  ASSERT_EQ(done.size(), 21U);
  const auto at = std::ranges::find(done, "other") - done.begin();
  EXPECT_GT(at, 0);
  EXPECT_LE(at, 4);
}

TEST(WorkPool, WhoGaveWayIsTold) {
  WorkPool pool(1, 1);
  std::optional<int> stranger = 7;
  {
    const Busy busy(pool);
    boost::asio::io_context context;
    boost::asio::co_spawn(
        context, [&]() -> Task<void> { stranger = co_await pool.run([] { return 1; }); },
        boost::asio::detached);
    context.poll();
    ASSERT_EQ(pool.queued(), 1U);
    EXPECT_TRUE(pool.post([] {}, Turn::first));
    context.run_for(10s);
    EXPECT_EQ(stranger, std::nullopt);
  }
}

TEST(WorkPool, ExceptionsReachTheCaller) {
  WorkPool pool(1, 10);
  const auto fail = []() -> int { throw std::runtime_error("no"); };
  EXPECT_THROW(pool.run_now(fail), std::runtime_error);
  const auto task = [&]() -> Task<std::optional<int>> { co_return co_await pool.run(fail); };
  EXPECT_THROW(run(task()), std::runtime_error);
  EXPECT_EQ(pool.run_now([] { return 1; }), 1);
}

TEST(WorkPool, ResultsAndWorkNeedNotBeCopied) {
  WorkPool pool(1, 10);
  const auto task = [&]() -> Task<int> {
    auto work = [number = std::make_unique<int>(7)]() mutable { return std::move(number); };
    auto result = co_await pool.run(std::move(work));
    co_return **result;
  };
  EXPECT_EQ(run(task()), 7);
}

TEST(WorkPool, FinishesWhatIsQueuedBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    WorkPool pool(1, 100);
    const Busy busy(pool);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.post([&done] { ++done; }));
  }
  EXPECT_EQ(done, 100);
}

TEST(WorkPool, ManyCallersAtOnce) {
  WorkPool pool(3, 100'000);
  std::atomic<int> sum = 0;
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      const auto task = [&]() -> Task<int> {
        int mine = 0;
        for (int i = 0; i < 500; ++i) mine += (co_await pool.run([] { return 1; })).value();
        co_return mine;
      };
      sum += run(task());
    });
  }
  callers.clear();
  EXPECT_EQ(sum, 2000);
}

}  // namespace
}  // namespace latchkey::threads
