#include "domain/events/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/db/engines_testing.h"

namespace latchkey::events {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventsTest : public ::testing::TestWithParam<db::Dialect> {
 protected:
  EventsTest() {
    database_->write_now([](db::Tx& tx) { tx.script("CREATE TABLE notes (n BIGINT NOT NULL)"); });
  }

  static void note(db::Tx& tx, std::int64_t n) { tx.run("INSERT INTO notes (n) VALUES (:n)", n); }
  std::vector<std::int64_t> notes() {
    return database_->read_now([](db::Tx& tx) {
      std::vector<std::int64_t> all;
      tx.each<std::int64_t>("SELECT n FROM notes", [&](std::int64_t n) { all.push_back(n); });
      return all;
    });
  }
  // As an operation does: it writes, and tells.
  void lock(UserId user) {
    database_->write_now([&](db::Tx& tx) {
      note(tx, 0);
      events_.tell(tx, AccountLocked{user});
    });
  }

  Events events_;
  db::TestDatabase database_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, EventsTest, db::engines(), db::engine_name);

TEST_P(EventsTest, AreHeardInTheOrderOfTheWiring) {
  std::vector<std::string> heard;
  events_.listen<AccountLocked>([&](db::Tx&, const AccountLocked& event) {
    heard.push_back("first " + std::to_string(std::to_underlying(event.user)));
  });
  events_.listen<AccountUnlocked>(
      [&](db::Tx&, const AccountUnlocked&) { heard.emplace_back("another event"); });
  events_.listen<AccountLocked>(
      [&](db::Tx&, const AccountLocked&) { heard.emplace_back("second"); });
  lock(UserId{7});
  EXPECT_THAT(heard, ElementsAre("first 7", "second"));
}

TEST_P(EventsTest, NobodyHasToListen) {
  lock(UserId{7});
  EXPECT_THAT(notes(), ElementsAre(0));
}

TEST_P(EventsTest, WhatAListenerWritesIsOfTheSameTransaction) {
  events_.listen<AccountLocked>([](db::Tx& tx, const AccountLocked&) { note(tx, 1); });
  lock(UserId{7});
  EXPECT_THAT(notes(), ElementsAre(0, 1));
}

TEST_P(EventsTest, AListenerThatThrowsTakesEverythingBack) {
  events_.listen<AccountLocked>([](db::Tx& tx, const AccountLocked&) { note(tx, 1); });
  events_.listen<AccountLocked>(
      [](db::Tx&, const AccountLocked&) { throw std::runtime_error("no"); });
  EXPECT_THROW(lock(UserId{7}), std::runtime_error);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_P(EventsTest, AListenerMayTellInTurn) {
  events_.listen<AccountLocked>([this](db::Tx& tx, const AccountLocked& event) {
    note(tx, 1);
    events_.tell(tx, BrowserEnded{event.user, BrowserSessionId{3}});
  });
  events_.listen<BrowserEnded>(
      [](db::Tx& tx, const BrowserEnded& event) { note(tx, std::to_underlying(event.browser)); });
  lock(UserId{7});
  EXPECT_THAT(notes(), ElementsAre(0, 1, 3));
}

}  // namespace
}  // namespace latchkey::events
