#include "domain/sessions/flights.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

namespace latchkey::sessions {
namespace {

namespace asio = boost::asio;

Flights::Asked about(std::uint8_t token, bool any_scope = false) {
  return {.token = {token}, .slack = Duration{0}, .any_scope = any_scope};
}

// What the tests find: the ticket says whose it is.
Judged found(Changes::Ticket ticket) { return {.verdict = {}, .ticket = ticket}; }

class FlightsTest : public ::testing::Test {
 protected:
  // Somebody who waits, and what they were told; absent: nothing yet. 0: nobody finished it.
  std::size_t wait_for(const std::shared_ptr<Flights::Flight>& flight) {
    told_.emplace_back();
    const std::size_t me = told_.size() - 1;
    asio::co_spawn(
        io_.get_executor(),
        [this, me, flight]() -> Task<void> {
          co_await flight->landing();
          try {
            told_[me] = flight->found() ? flight->found()->ticket : 0;
          } catch (const std::runtime_error&) {
            ++thrown_;
          }
        },
        asio::detached);
    io_.poll();
    io_.restart();
    return me;
  }

  void wake() {
    io_.poll();
    io_.restart();
  }

  Flights flights_;
  std::vector<std::optional<Changes::Ticket>> told_;
  int thrown_ = 0;
  asio::io_context io_;  // first to go, with all who wait
};

TEST_F(FlightsTest, NobodyAsksWhatNobodyHasBegun) { EXPECT_EQ(flights_.find(about(1)), nullptr); }

TEST_F(FlightsTest, EverybodyIsToldWhatTheFirstFinds) {
  std::optional<Flights::Turn> turn(flights_.begin(about(1)));
  const auto flight = flights_.find(about(1));
  ASSERT_NE(flight, nullptr);
  const auto second = wait_for(flight);
  const auto third = wait_for(flight);
  EXPECT_FALSE(told_[second]);
  turn->answered(found(7));
  turn.reset();
  wake();
  EXPECT_EQ(told_[second], 7);
  EXPECT_EQ(told_[third], 7);
  EXPECT_EQ(told_[wait_for(flight)], 7) << "who comes a moment late";
  EXPECT_EQ(flights_.find(about(1)), nullptr) << "the next one asks anew";
  EXPECT_EQ(flights_.under_way(), 0) << "and nothing is kept";
}

TEST_F(FlightsTest, OtherQuestionsAreOthers) {
  const Flights::Turn turn = flights_.begin(about(1));
  EXPECT_EQ(flights_.find(about(2)), nullptr);
  EXPECT_EQ(flights_.find(about(1, true)), nullptr);
  EXPECT_THROW(flights_.begin(about(1)), std::logic_error);
}

TEST_F(FlightsTest, AFaultIsEverybodys) {
  std::optional<Flights::Turn> turn(flights_.begin(about(1)));
  const auto flight = flights_.find(about(1));
  wait_for(flight);
  wait_for(flight);
  turn->failed(std::make_exception_ptr(std::runtime_error("away")));
  turn.reset();
  wake();
  EXPECT_EQ(thrown_, 2);
}

TEST_F(FlightsTest, WhoWaitsForOneThatIsGivenUpIsToldSo) {
  std::optional<Flights::Turn> turn(flights_.begin(about(1)));
  const auto waits = wait_for(flights_.find(about(1)));
  turn.reset();
  wake();
  EXPECT_EQ(told_[waits], 0);
}

TEST_F(FlightsTest, ATurnThatMovesIsOneTurn) {
  std::optional<Flights::Turn> first(flights_.begin(about(1)));
  const Flights::Turn moved = std::move(*first);
  first.reset();
  EXPECT_NE(flights_.find(about(1)), nullptr);
}

TEST_F(FlightsTest, ATurnMayOutliveThem) {
  auto others = std::make_unique<Flights>();
  const Flights::Turn turn = others->begin(about(1));
  others.reset();
}

TEST_F(FlightsTest, TheyAreNumbered) {
  EXPECT_EQ(flights_.begun(), 0);
  const Flights::Turn first = flights_.begin(about(1));
  EXPECT_EQ(flights_.begun(), 1);
  const Flights::Turn second = flights_.begin(about(2));
  EXPECT_EQ(flights_.find(about(1))->number(), 1);
  EXPECT_EQ(flights_.find(about(2))->number(), 2);
}

}  // namespace
}  // namespace latchkey::sessions
