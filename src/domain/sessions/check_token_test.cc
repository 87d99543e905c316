// The token path against both engines: from the text of a token to what it is worth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <thread>

#include "domain/sessions/check_token_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::CheckToken;
using testing::TestSessions;

INSTANTIATE_TEST_SUITE_P(Engines, CheckToken, db::engines(), db::engine_name);

TEST_P(CheckToken, SaysWhoStandsBehindIt) {
  const Verdict verdict = server_.look(phone_.access());
  ASSERT_TRUE(verdict.standing.active());
  EXPECT_EQ(verdict.identity.session, phone_.id());
  EXPECT_EQ(verdict.identity.user, alice_.id);
  EXPECT_EQ(verdict.identity.localpart, "alice");
  EXPECT_EQ(verdict.identity.device_id, "PHONE");
  EXPECT_EQ(verdict.identity.issued_at, server_.clock.now());
  EXPECT_EQ(verdict.identity.expires_at, server_.clock.now() + 5min);
  EXPECT_FALSE(verdict.identity.suspended);
  server_.sql("UPDATE users SET suspended_at = 1, admin = 1");
  EXPECT_TRUE(server_.look(phone_.access()).identity.suspended);
  EXPECT_TRUE(server_.look(phone_.access()).identity.admin);
}

TEST_P(CheckToken, RefusesWhatItDidNotMake) {
  expect("", Worth::unknown, Reason::not_ours);
  expect("syt_YWxpY2U_abc_def", Worth::unknown, Reason::not_ours);
  expect("lka_garbage", Worth::unknown, Reason::malformed);
  expect(phone_.refresh(), Worth::unknown, Reason::wrong_kind);
  std::string forged = phone_.access();
  forged.back() = forged.back() == '0' ? '1' : '0';
  expect(forged, Worth::unknown, Reason::forged);
}

TEST_P(CheckToken, RefusesATokenOfAnotherSessionUnderTheSameId) {
  server_.sql("UPDATE sessions SET nonce = 'AAAAAAAAAAAAAAAAAAAAAA'");
  expect(phone_.access(), Worth::unknown, Reason::forged);
}

// A client may show its past token to be told the ways that lead back.
TEST_P(CheckToken, APastTokenLeadsBackUntilItsDeviceWasSignedInToAgain) {
  const auto whose = [&](std::string_view token) {
    return testing::run(server_->recognise(TestSessions::use(), token));
  };
  server_.db().write_now([&](db::Tx& tx) {
    lock_account(tx, alice_.id);
    server_->end(tx, AllOf{alice_.id}, Ended::softly, EndReason::administrator_softly);
  });
  ASSERT_TRUE(whose(phone_.access()).has_value());
  EXPECT_EQ(whose(phone_.access())->localpart, "alice");
  const auto again = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_FALSE(whose(phone_.access()).has_value());
  EXPECT_TRUE(whose(again.access()).has_value());
}

TEST_P(CheckToken, RemembersAndForgetsAtOnce) {
  server_.look(phone_.access());  // its first use
  server_.look(phone_.access());
  EXPECT_TRUE(server_.remembers(phone_.access()));
  EXPECT_FALSE(server_.remembers(phone_.access(), 1)) << "each thread remembers for itself";
  EXPECT_FALSE(server_.remembers(phone_.refresh()));
  server_.lock(alice_);
  expect(phone_.access(), Worth::locked, Reason::account_locked);
  server_.lock(alice_, false);
  EXPECT_TRUE(server_.check(phone_.access()).active());
}

TEST_P(CheckToken, WhatIsRememberedExpiresInTime) {
  server_.look(phone_.access());
  server_.clock.advance(5min - 1ms);
  server_.look(phone_.access());
  EXPECT_TRUE(server_.remembers(phone_.access()));
  server_.clock.advance(1ms);
  EXPECT_FALSE(server_.remembers(phone_.access()));
  expect(phone_.access(), Worth::soft, Reason::expired);
}

// Another node may have answered a refresh, and died before it told of it.
TEST_P(CheckToken, WhatIsRememberedIsReadAgainBeforeTheGraceOfAnUnheardRefreshIsOver) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  server_.clock.advance(90s - 1ms);
  EXPECT_TRUE(server_.remembers(phone_.access()));
  server_.clock.advance(1ms);
  EXPECT_FALSE(server_.remembers(phone_.access()));
  EXPECT_TRUE(server_.check(phone_.access()).active());
}

TEST_P(CheckToken, AClockSetBackProlongsNothingThatIsRemembered) {
  server_.look(phone_.access());
  server_.clock.advance(-11s);
  EXPECT_FALSE(server_.remembers(phone_.access()));
  expect(phone_.access(), Worth::soft, Reason::expired);
}

TEST_P(CheckToken, BelievesNothingRememberedWhileOtherNodesAreNotHeard) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  bool hears = true;
  server_->remember_while([&] { return hears; });
  EXPECT_TRUE(server_.remembers(phone_.access()));
  hears = false;
  EXPECT_FALSE(server_.remembers(phone_.access()));
}

TEST_P(CheckToken, AsksTheRowWhileOtherNodesAreNotHeard) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  server_->remember_while([] { return false; });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(server_.check(phone_.access()).active());
  // What another node did, and this one was not told.
  server_.sql("UPDATE users SET locked_at = 1");
  expect(phone_.access(), Worth::locked, Reason::account_locked);
  server_.sql("UPDATE users SET locked_at = NULL");
  server_.sql("UPDATE sessions SET ended = 2, end_reason = 1, ended_at = 1");
  expect(phone_.access(), Worth::ended, Reason::ended_for_good);
}

// The change falls between the reading of the row and the remembering of what it said.
TEST_P(CheckToken, RemembersNothingThatChangedWhileItWasRead) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "reads in place, with nothing in between";
  server_.look(phone_.access());  // its first use
  server_->changes().everything_changed();
  boost::asio::io_context context;
  std::optional<Verdict> verdict;
  const auto reads = server_.db().stats().reads;
  const Use use = TestSessions::use();  // outlives the coroutine
  boost::asio::co_spawn(context, server_->check(use, phone_.access()),
                        [&](const std::exception_ptr& fault, Verdict result) {
                          EXPECT_FALSE(fault);
                          verdict = std::move(result);
                        });
  context.poll();
  ASSERT_TRUE(testing::soon([&] { return server_.db().stats().reads > reads; }));
  server_.lock(alice_);
  context.run();
  ASSERT_TRUE(verdict.has_value());
  EXPECT_TRUE(verdict->standing.active()) << "as the row was when it was read";
  EXPECT_FALSE(server_.remembers(phone_.access()));
  expect(phone_.access(), Worth::locked, Reason::account_locked);
}

// Many who ask with one token at the same time, on one server thread.
class Crowd {
 public:
  Crowd(TestSessions& server, std::string token) : server_(server), token_(std::move(token)) {}

  void ask(std::size_t times = 1) {
    context_.restart();  // it has stopped if all who asked before have been told already
    for (std::size_t i = 0; i < times; ++i) begin();
    context_.poll();
  }
  // One more who has come and is not looked after yet.
  void queue() {
    boost::asio::post(context_, [this] { begin(); });
  }
  const std::vector<Reason>& run() {
    context_.restart();
    context_.run();
    return told_;
  }
  std::size_t refused() const { return refused_; }

 private:
  void begin() {
    boost::asio::co_spawn(context_, server_->check(use_, token_),
                          [this](const std::exception_ptr& fault, Verdict verdict) {
                            if (fault) ++refused_;
                            if (!fault) told_.push_back(verdict.standing.reason);
                          });
  }

  TestSessions& server_;
  const std::string token_;
  const Use use_ = TestSessions::use();
  boost::asio::io_context context_;
  std::vector<Reason> told_;
  std::size_t refused_ = 0;
};

class ManyAtOnce : public CheckToken {
 protected:
  void SetUp() override {
    server_.look(phone_.access());  // its first use
    server_->flush_promotions();
    reads_ = server_.db().stats().reads;
  }
  std::uint64_t reads() { return server_.db().stats().reads - reads_; }
  // Two ask. When the second is looked after the first is still waiting for its row, which has been
  // read already, before whatever happens now.
  void ask_and_queue(Crowd& crowd) {
    std::atomic<bool> held{false};
    std::atomic<bool> queued{false};
    const std::jthread holder([&] {
      server_.db().write_now([&](db::Tx& tx) {
        tx.run("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
        held = true;
        EXPECT_TRUE(testing::soon([&] { return queued.load(); }));
      });
    });
    EXPECT_TRUE(testing::soon([&] { return held.load(); }));
    crowd.ask();
    crowd.queue();
    queued = true;
    EXPECT_TRUE(testing::soon([&] { return reads() > 0; }));
  }

  std::uint64_t reads_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Engines, ManyAtOnce, ::testing::Values(db::Dialect::postgresql),
                         db::engine_name);

TEST_P(ManyAtOnce, WithOneGoodTokenMakeOneRead) {
  Crowd crowd(server_, phone_.access());
  crowd.ask(50);
  EXPECT_EQ(crowd.run(), std::vector<Reason>(50, Reason::good));
  EXPECT_EQ(reads(), 1);
  crowd.ask();
  crowd.run();
  EXPECT_EQ(reads(), 2) << "nothing is kept of it";
}

// A no is believed if it was read after everybody had asked.
TEST_P(ManyAtOnce, WithOneEndedTokenMakeTwo) {
  ASSERT_TRUE(server_.sign_out(phone_.access()).has_value());
  reads_ = server_.db().stats().reads;
  Crowd crowd(server_, phone_.access());
  crowd.ask(50);
  EXPECT_EQ(crowd.run(), std::vector<Reason>(50, Reason::ended_for_good));
  EXPECT_EQ(reads(), 2);
}

TEST_P(ManyAtOnce, AreToldTogetherThatTheDatabaseIsAway) {
  Crowd crowd(server_, phone_.access());
  server_.db().close();
  const auto failures = server_.db().stats().failures;
  crowd.ask(50);
  EXPECT_TRUE(crowd.run().empty());
  EXPECT_EQ(crowd.refused(), 50);
  EXPECT_EQ(server_.db().stats().failures - failures, 1);
}

// The row has been read already, as it was before.
TEST_P(ManyAtOnce, WhoAsksAfterAnEndIsNotToldWhatWasReadBefore) {
  Crowd crowd(server_, phone_.access());
  ask_and_queue(crowd);
  ASSERT_TRUE(server_.sign_out(phone_.access()).has_value());
  EXPECT_THAT(crowd.run(), ::testing::ElementsAre(Reason::good, Reason::ended_for_good));
}

TEST_P(ManyAtOnce, WhoAsksAfterTheRefreshThatMadeTheirTokenIsNotRefused) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  Crowd crowd(server_, fresh.access_token);
  crowd.ask(50);
  EXPECT_EQ(crowd.run(), std::vector<Reason>(50, Reason::good));
}

// What another node did may not have been heard of.
TEST_P(ManyAtOnce, TakeNoOldYesWhileOtherNodesAreNotHeard) {
  Crowd crowd(server_, phone_.access());
  ask_and_queue(crowd);
  server_->remember_while([] { return false; });
  server_.sql("UPDATE users SET locked_at = 1");
  EXPECT_THAT(crowd.run(), ::testing::ElementsAre(Reason::good, Reason::account_locked));
}

TEST_P(CheckToken, IsUnavailableWhenNeitherTheOtherNodesNorTheDatabaseAnswer) {
  server_->remember_while([] { return false; });
  EXPECT_TRUE(server_.check(phone_.access()).active());
  server_.db().close();
  EXPECT_THROW(server_.check(phone_.access()), db::Unavailable);
}

// Why nobody is asked about `token`.
std::string why_unavailable(TestSessions& server, std::string_view token) {
  try {
    server.check(token);
    return "it was answered";
  } catch (const db::Unavailable& away) {
    return away.what();
  }
}

constexpr auto kNotQuickly = "the database does not answer quickly";

TEST_P(CheckToken, AConnectionThatWasMadeAgainEndsTheRefusals) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "has no connections to lose";
  server_->remember_while([] { return false; });
  server_.db().close();
  ASSERT_TRUE(
      testing::soon([&] { return why_unavailable(server_, phone_.access()) == kNotQuickly; }));
  // As of another database, after a failover. Its row is asked for, but only for a moment after: so
  // again where this test was held up for longer.
  TestSessions other(GetParam());
  EXPECT_TRUE(testing::soon([&] {
    other.db().write_now([&](db::Tx& tx) { server_->note_gap(tx); });
    return why_unavailable(server_, phone_.access()) != kNotQuickly;
  }));
}

TEST_P(CheckToken, AsksNoRowThatItWouldWaitForWhileConnectionsAreLost) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "has no connections to lose";
  server_->remember_while([] { return true; });  // or may still answer from memory
  bool away = true;
  server_->probe_while([&] { return away; });
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "one is left, and answers";
  server_.db().close();
  server_->changes().everything_changed();
  ASSERT_TRUE(
      testing::soon([&] { return why_unavailable(server_, phone_.access()) == kNotQuickly; }));
  away = false;
  EXPECT_NE(why_unavailable(server_, phone_.access()), kNotQuickly);
}

TEST_P(CheckToken, HearsWhatAnotherNodeEnded) {
  server_.look(phone_.access());
  for (const std::string& said :
       {"session " + std::to_string(std::to_underlying(phone_.id())),
        "account " + std::to_string(std::to_underlying(alice_.id)), std::string("everything"),
        std::string("something newer 7"), std::string()}) {
    server_.look(phone_.access());
    EXPECT_TRUE(server_.remembers(phone_.access()));
    server_->hear(said);
    EXPECT_FALSE(server_.remembers(phone_.access())) << said;
  }
}

TEST_P(CheckToken, TheFirstUseOfANewPairBeginsTheGraceOfTheOld) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "nobody has used the new one";
  server_.clock.advance(10s);
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  server_.clock.advance(90s);
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "the last moment of the grace";
  server_.clock.advance(1ms);
  expect(phone_.access(), Worth::soft, Reason::replaced);
  EXPECT_TRUE(server_.check(fresh.access_token).active());
}

TEST_P(CheckToken, TheFirstUseOnOneThreadIsFeltOnAll) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  server_.look(phone_.access(), 1);
  ASSERT_TRUE(server_.remembers(phone_.access(), 1));
  server_.look(fresh.access_token, 2);
  EXPECT_FALSE(server_.remembers(phone_.access(), 1)) << "its grace has begun";
  EXPECT_TRUE(server_.check(phone_.access(), 0s, 1).active());
  server_.clock.advance(90s + 1ms);
  EXPECT_EQ(server_.check(phone_.access(), 0s, 1).reason, Reason::replaced);
}

TEST_P(CheckToken, AFirstUseThatACrashLostKeepsTheOlderAliveALittle) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  EXPECT_EQ(server_.row(phone_.id()).seen, 0) << "not written yet";
  server_.crash();
  server_.clock.advance(91s);
  EXPECT_TRUE(server_.check(phone_.access()).active());
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  server_->flush_promotions();
  EXPECT_EQ(server_.row(phone_.id()).seen, 1);
}

TEST_P(CheckToken, SlackIsNotRemembered) {
  server_.clock.advance(5min + 29s);
  EXPECT_TRUE(server_.check(phone_.access(), 30s).active());
  EXPECT_FALSE(server_.remembers(phone_.access()));
  expect(phone_.access(), Worth::soft, Reason::expired);
  server_.clock.advance(1s);
  EXPECT_EQ(server_.check(phone_.access(), 30s).reason, Reason::expired);
}

// --- a restored backup ---

TEST_P(CheckToken, OfALaterGenerationMovesTheRowForward) {
  const Record backup = server_.row(phone_.id());
  TokenPair tokens = phone_.tokens;
  for (int i = 0; i < 3; ++i) tokens = server_.refresh(*tokens.refresh_token).value();
  server_.put_back(backup);
  expect(tokens.access_token, Worth::soft, Reason::from_before_a_restore);
  EXPECT_EQ(server_.row(phone_.id()).issued, 3);
  expect(tokens.access_token, Worth::soft, Reason::expired);
  const auto fresh = server_.refresh(*tokens.refresh_token);
  ASSERT_TRUE(fresh.has_value());
  EXPECT_TRUE(server_.check(fresh->access_token).active());
}

TEST_P(CheckToken, OfALostSessionIsSoft) {
  server_.clock.advance(24h);
  server_->heartbeat();
  server_.clock.advance(24h);
  server_.crash();  // two days after the newest heartbeat but one: a gap
  const auto lost = server_.sign_in(alice_);
  server_.lose_row(lost.id());
  expect(lost.access(), Worth::soft, Reason::lost);
  server_.clock.advance(24h);
  server_->heartbeat();
  expect(lost.access(), Worth::soft, Reason::lost);
}

TEST_P(CheckToken, OfAPurgedSessionIsHard) {
  server_.clock.advance(24h);
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  for (int i = 0; i < 10; ++i) {
    server_.clock.advance(60s);
    server_->heartbeat();
  }
  server_.sql("DELETE FROM gaps");
  server_.lose_row(tablet.id());
  expect(tablet.access(), Worth::ended, Reason::purged);
}

// The id says that it began in the future of this database: kept as a gap, so that it is still
// soft once the clock has caught up.
TEST_P(CheckToken, OfASessionFromTheFutureStaysSoft) {
  server_.clock.advance(30min);
  const auto future = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.clock.advance(-30min);
  server_.lose_row(future.id());
  server_.sql("DELETE FROM gaps");
  server_.crash();  // the id clock is that of the heartbeat again
  expect(future.access(), Worth::soft, Reason::lost);
  for (int minutes = 0; minutes < 35; ++minutes) {
    server_.clock.advance(1min);
    server_->heartbeat();
  }
  expect(future.access(), Worth::soft, Reason::lost);
}

}  // namespace
}  // namespace latchkey::sessions
