// POST /refresh's operation against both engines: races, lost replies, faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <tuple>

#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestSessions;

class RefreshSession : public testing::OnEachEngine {
 protected:
  using Refreshed = std::expected<TokenPair, Standing>;

  // A pair that is `count` refreshes later, each used.
  TokenPair go_on(TokenPair tokens, int count) {
    for (int i = 0; i < count; ++i) {
      server_.clock.advance(1min);
      tokens = server_.refresh(*tokens.refresh_token).value();
      EXPECT_TRUE(server_.check(tokens.access_token).active());
    }
    return tokens;
  }

  // PostgreSQL: a refresh that waits for another node, which has just signed the session out.
  void refuses_what_another_node_is_ending() {
    std::atomic<bool> ended{false};
    std::jthread other([&] {
      server_.db().write_now([&](db::Tx& tx) {
        tx.run("UPDATE sessions SET ended = 2, end_reason = 1, ended_at = 1 WHERE id = :id",
               phone_.id());
        ended = true;
        // Until the refresh waits for this transaction.
        EXPECT_TRUE(testing::soon([&] {
          return tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
        }));
      });
    });
    ASSERT_TRUE(testing::soon([&] { return ended.load(); }));
    const Refreshed refreshed = server_.refresh(phone_.refresh());
    other.join();
    ASSERT_FALSE(refreshed.has_value());
    EXPECT_EQ(error_of(refreshed).reason, Reason::ended_for_good);
    EXPECT_EQ(server_.row(phone_.id()).ended, Ended::for_good);
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

INSTANTIATE_TEST_SUITE_P(Engines, RefreshSession, db::engines(), db::engine_name);

TEST_P(RefreshSession, HandsOutANewPairThatIsDurable) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  EXPECT_NE(fresh.access_token, phone_.access());
  EXPECT_NE(fresh.refresh_token, phone_.refresh());
  EXPECT_EQ(fresh.expires_in, 5min);
  server_.crash();
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  EXPECT_TRUE(server_.refresh(*fresh.refresh_token).has_value());
}

TEST_P(RefreshSession, ALostReplyCostsNothingHoweverLate) {
  const TokenPair first = server_.refresh(phone_.refresh()).value();
  const TokenPair second = server_.refresh(phone_.refresh()).value();
  EXPECT_EQ(first.access_token, second.access_token);
  EXPECT_EQ(first.refresh_token, second.refresh_token);
  server_.clock.advance(24h * 365);
  const TokenPair third = server_.refresh(phone_.refresh()).value();
  EXPECT_EQ(third.access_token, first.access_token);
  EXPECT_EQ(third.expires_in, 5min) << "a new life: the old one ended unseen";
  EXPECT_TRUE(server_.check(third.access_token).active());
}

TEST_P(RefreshSession, ManyTabsAtOnceGetTheSamePair) {
  const auto answers = server_.race(4, [this](Use use) -> Task<Refreshed> {
    co_return co_await server_->refresh(use, phone_.refresh());
  });
  std::set<std::string> pairs;
  for (const Refreshed& answer : answers) {
    ASSERT_TRUE(answer.has_value());
    pairs.insert(answer->access_token + *answer->refresh_token);
  }
  EXPECT_EQ(pairs.size(), 1U);
  EXPECT_EQ(server_.row(phone_.id()).issued, 1);
}

// Tabs that refresh, use what they got, and refresh again, all at the same time: none is lost.
TEST_P(RefreshSession, TabsThatRaceOnGoOnTogether) {
  const auto survived = server_.race(3, [this](Use use) -> Task<bool> {
    std::string refresh = phone_.refresh();
    for (int i = 0; i < 5; ++i) {
      const auto tokens = co_await server_->refresh(use, refresh);
      if (!tokens) co_return error_of(tokens).worth == Worth::soft;  // left far behind: reuse
      const auto verdict = co_await server_->check(use, tokens->access_token);
      const auto worth = verdict.standing.worth;
      if (worth != Worth::active && worth != Worth::soft) co_return false;
      refresh = *tokens->refresh_token;
    }
    co_return true;
  });
  EXPECT_THAT(survived, Each(true));
}

TEST_P(RefreshSession, ASecondTabThatComesLateGoesOnInTheGrace) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  server_.clock.advance(90s);
  const TokenPair late = server_.refresh(phone_.refresh()).value();
  EXPECT_EQ(late.access_token, fresh.access_token);
  EXPECT_EQ(late.refresh_token, fresh.refresh_token);
}

TEST_P(RefreshSession, AnOldTokenEndsTheSessionSoftlyAndSaysSo) {
  const TokenPair fresh = go_on(phone_.tokens, 3);
  const auto refused = server_.refresh(phone_.refresh());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).worth, Worth::soft);
  EXPECT_EQ(error_of(refused).reason, Reason::reused);
  EXPECT_EQ(server_.check(fresh.access_token).reason, Reason::ended_softly);
  EXPECT_EQ(error_of(server_.refresh(*fresh.refresh_token)).reason, Reason::ended_softly);
  EXPECT_EQ(server_.row(phone_.id()).end_reason, EndReason::token_reuse);
  ASSERT_FALSE(server_.log().empty());
  EXPECT_THAT(server_.log().back(), HasSubstr("PHONE"));
  EXPECT_THAT(server_.log(), Each(Not(HasSubstr("lkr_"))));
  EXPECT_THAT(server_.log(), Each(Not(HasSubstr("lka_"))));

  const auto again = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_EQ(again.session.record.device, phone_.session.record.device) << "the keys stay";
}

TEST_P(RefreshSession, OneReuseAmongManyRefreshesEndsIt) {
  const TokenPair fresh = go_on(phone_.tokens, 3);
  server_.race(2, [&](Use use) -> Task<bool> {
    const bool thief = use.worker == 0;
    const auto tokens =
        co_await server_->refresh(use, thief ? phone_.refresh() : *fresh.refresh_token);
    co_return tokens.has_value();
  });
  EXPECT_EQ(server_.row(phone_.id()).ended, Ended::softly);
  EXPECT_EQ(error_of(server_.refresh(*fresh.refresh_token)).worth, Worth::soft);
}

TEST_P(RefreshSession, RefusesWhatIsNoRefreshToken) {
  EXPECT_EQ(error_of(server_.refresh(phone_.access())).reason, Reason::wrong_kind);
  EXPECT_EQ(error_of(server_.refresh("lkr_garbage")).reason, Reason::malformed);
  EXPECT_EQ(error_of(server_.refresh("")).reason, Reason::not_ours);
  EXPECT_EQ(server_.row(phone_.id()).issued, 0);
}

TEST_P(RefreshSession, RotatesNothingWhileLockedAndGoesOnAfter) {
  server_.lock(alice_);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).worth, Worth::locked);
  EXPECT_EQ(server_.row(phone_.id()).issued, 0);
  server_.lock(alice_, false);
  EXPECT_TRUE(server_.refresh(phone_.refresh()).has_value());
}

TEST_P(RefreshSession, IsSoftPastEachLimit) {
  struct Limited {
    const char* name;
    void (*set)(Policy&);
    Reason reason;
  };
  const Limited rows[] = {
      {"refresh token", [](Policy& p) { p.refresh_token_lifetime = 1h; },
       Reason::refresh_token_expired},
      {"age", [](Policy& p) { p.maximum_age = 1h; }, Reason::past_maximum_age},
      {"idle", [](Policy& p) { p.maximum_idle = 1h; }, Reason::idle_too_long},
  };
  server_.clock.advance(1h);
  for (const Limited& row : rows) {
    Policy policy = testing::sample_policy();
    row.set(policy);
    server_.crash_and_take(policy);
    const auto refused = server_.refresh(phone_.refresh());
    ASSERT_FALSE(refused.has_value()) << row.name;
    EXPECT_EQ(error_of(refused).worth, Worth::soft) << row.name;
    EXPECT_EQ(error_of(refused).reason, row.reason) << row.name;
    EXPECT_EQ(server_.row(phone_.id()).ended, Ended::live) << row.name << ": computed, not stored";
  }
}

TEST_P(RefreshSession, UseKeepsASessionFromBeingIdle) {
  Policy policy = testing::sample_policy();
  policy.maximum_idle = 10min;
  server_.crash_and_take(policy);
  TokenPair tokens = phone_.tokens;
  for (int i = 0; i < 4; ++i) {
    server_.clock.advance(6min);
    tokens = server_.refresh(*tokens.refresh_token).value();
    server_->flush_activity();
  }
  server_.clock.advance(10min);
  EXPECT_EQ(error_of(server_.refresh(*tokens.refresh_token)).reason, Reason::idle_too_long);
}

// The row is one that a restored backup brought back, before two more refreshes.
TEST_P(RefreshSession, OfALaterGenerationGoesOn) {
  const TokenPair older = go_on(phone_.tokens, 2);
  server_->flush_promotions();
  const Record backup = server_.row(phone_.id());
  const TokenPair newest = go_on(older, 3);
  server_.put_back(backup);
  const auto fresh = server_.refresh(*newest.refresh_token);
  ASSERT_TRUE(fresh.has_value());
  EXPECT_TRUE(server_.check(fresh->access_token).active());
  EXPECT_EQ(server_.row(phone_.id()).issued, 6);
  EXPECT_EQ(error_of(server_.refresh(*older.refresh_token)).reason, Reason::reused);
}

TEST_P(RefreshSession, SaysHowLongATokenStillLivesThatItGivesAgain) {
  EXPECT_EQ(server_.refresh(phone_.refresh()).value().expires_in, 5min);
  server_.clock.advance(2min);
  EXPECT_EQ(server_.refresh(phone_.refresh()).value().expires_in, 3min);
}

TEST_P(RefreshSession, WritesTheFirstUseThatWasOnlyNoted) {
  const TokenPair first = server_.refresh(phone_.refresh()).value();
  EXPECT_TRUE(server_.check(first.access_token).active());
  server_.clock.advance(5s);
  const TokenPair second = server_.refresh(*first.refresh_token).value();
  const Record row = server_.row(phone_.id());
  EXPECT_EQ(row.seen, 1);
  EXPECT_EQ(row.seen_at, server_.clock.now() - 5s) << "when it was used, not when it was written";
  EXPECT_EQ(row.issued, 2);
  server_->flush_promotions();  // the noted use is of an issued generation no more
  EXPECT_EQ(server_.row(phone_.id()).seen, 1);
  EXPECT_TRUE(server_.check(second.access_token).active());
}

TEST_P(RefreshSession, ForgetsAtOnceWhatItReplaced) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  server_.look(phone_.access());
  ASSERT_TRUE(server_.remembers(phone_.access()));
  const TokenPair newest = server_.refresh(*fresh.refresh_token).value();
  EXPECT_FALSE(server_.remembers(phone_.access()));
  server_.clock.advance(91s);
  EXPECT_EQ(server_.check(phone_.access()).reason, Reason::replaced);
  EXPECT_TRUE(server_.check(newest.access_token).active());
}

// What a node remembers of a session spares it the reading, and changes nothing else.
class RefreshRemembered : public RefreshSession {
 protected:
  std::uint64_t reads() { return server_.db().stats().reads; }
  // The pair after one that this node has handed out.
  TokenPair remembered() { return server_.refresh(phone_.refresh()).value(); }
  Reason refused(const TokenPair& tokens) {
    return error_of(server_.refresh(*tokens.refresh_token)).reason;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, RefreshRemembered, db::engines(), db::engine_name);

TEST_P(RefreshRemembered, IsWrittenWithoutBeingRead) {
  TokenPair tokens = remembered();
  const std::uint64_t before = reads();
  for (int i = 0; i < 3; ++i) tokens = server_.refresh(*tokens.refresh_token).value();
  EXPECT_EQ(reads(), before);
  EXPECT_EQ(server_.row(phone_.id()).issued, 4);
  EXPECT_TRUE(server_.check(tokens.access_token).active());
}

// Whether its client has used the pair before, and that is written already, or not.
TEST_P(RefreshRemembered, WritesTheRowThatReadingItFirstWouldWrite) {
  struct Case {
    std::string_view what;
    bool used = false;
    bool written = false;
  };
  for (const auto& [what, used, written] :
       {Case{"not used"}, Case{"used", true}, Case{"used, and written", true, true}}) {
    const auto row_after = [&, used, written](bool read) {
      const auto device = server_.sign_in(alice_, TestSessions::refreshing({}));
      server_.clock.advance(1s);
      const TokenPair tokens = server_.refresh(device.refresh()).value();
      server_.clock.advance(1s);
      if (used) EXPECT_TRUE(server_.check(tokens.access_token).active());
      // A node that is killed knows of no use that it has only noted.
      if (written || read) server_->flush_promotions();
      if (read) server_.crash();
      server_.clock.advance(1s);
      EXPECT_EQ(server_.refresh(*tokens.refresh_token).value().expires_in, 5min);
      const Record row = server_.row(device.id());
      const auto ago = [&](Time at) { return server_.clock.now() - at; };
      return std::tuple{row.seen,
                        row.issued,
                        ago(row.seen_at),
                        ago(row.previous_issued_at),
                        ago(row.seen_issued_at),
                        ago(row.issued_at),
                        ago(row.last_active_at)};
    };
    EXPECT_EQ(row_after(false), row_after(true)) << what;
  }
}

TEST_P(RefreshRemembered, IsRefusedWhenAnotherNodeEndedItsSession) {
  const TokenPair tokens = remembered();
  server_.sql("UPDATE sessions SET ended = 1, end_reason = 1, ended_at = 1");
  EXPECT_EQ(refused(tokens), Reason::ended_softly);
  server_.sql("UPDATE sessions SET ended = 2");
  EXPECT_EQ(refused(tokens), Reason::ended_for_good);
  EXPECT_EQ(server_.row(phone_.id()).issued, 1);
}

TEST_P(RefreshRemembered, IsRefusedWhenAnotherNodeLockedOrDeactivatedItsAccount) {
  TokenPair tokens = remembered();
  server_.sql("UPDATE users SET locked_at = 1");
  EXPECT_EQ(refused(tokens), Reason::account_locked);
  server_.sql("UPDATE users SET locked_at = NULL");
  tokens = server_.refresh(*tokens.refresh_token).value();
  server_.sql("UPDATE users SET deactivated_at = 1");
  EXPECT_EQ(refused(tokens), Reason::account_deactivated);
  EXPECT_EQ(server_.row(phone_.id()).issued, 2);
}

TEST_P(RefreshRemembered, GoesOnFromWhatAnotherNodeHandedOut) {
  const TokenPair tokens = remembered();
  // Of the same pair, since its access token had expired unseen.
  server_.sql("UPDATE sessions SET issued_at = issued_at + 1");
  EXPECT_TRUE(server_.refresh(*tokens.refresh_token).has_value());
  EXPECT_EQ(server_.row(phone_.id()).issued, 2);
  // And a later one, which the client has not seen yet: it is given that.
  const TokenPair newest = server_.refresh(*tokens.refresh_token).value();
  server_.sql("UPDATE sessions SET seen = 2, issued = 3");
  const TokenPair given = server_.refresh(*newest.refresh_token).value();
  EXPECT_EQ(server_.row(phone_.id()).issued, 3);
  EXPECT_TRUE(server_.check(given.access_token).active());
}

// Each time by the writer would make one of many who wait for nothing.
TEST_P(RefreshRemembered, IsReadAloneOnceItsSessionIsOver) {
  const TokenPair tokens = remembered();
  server_.sql("UPDATE sessions SET ended = 2, end_reason = 1, ended_at = 1");
  EXPECT_EQ(refused(tokens), Reason::ended_for_good);
  const std::uint64_t writes = server_.db().stats().writes;
  EXPECT_EQ(refused(tokens), Reason::ended_for_good);
  EXPECT_EQ(server_.db().stats().writes, writes);
}

// What is remembered of tokens elsewhere in the table goes with each announcement.
TEST_P(RefreshRemembered, AnnouncesNothingWhereTheFirstUseIsWritten) {
  const TokenPair tokens = remembered();
  EXPECT_TRUE(server_.check(tokens.access_token).active());
  server_->flush_promotions();
  server_.look(tokens.access_token);
  ASSERT_TRUE(server_.remembers(tokens.access_token));
  server_.clock.advance(1s);
  EXPECT_TRUE(server_.refresh(*tokens.refresh_token).has_value());
  EXPECT_TRUE(server_.remembers(tokens.access_token));
}

// The row is one that a restored backup brought back, and the token one of another node's.
TEST_P(RefreshRemembered, OfALaterGenerationGoesOnFromThere) {
  const TokenPair tokens = remembered();
  TokenCodec codec(server_->keys());
  const Nonce nonce = server_.row(phone_.id()).nonce;
  const auto fresh = server_.refresh(codec.mint(Kind::refresh, phone_.id(), 3, nonce));
  ASSERT_TRUE(fresh.has_value());
  EXPECT_EQ(server_.row(phone_.id()).issued, 4);
  EXPECT_EQ(refused(tokens), Reason::reused);
}

TEST_P(RefreshRemembered, WhileTheClockWasBehindTakesNoUseBack) {
  const TokenPair tokens = remembered();
  server_.clock.advance(1h);
  EXPECT_TRUE(server_.refresh(*tokens.refresh_token).has_value());
  const Record before = server_.row(phone_.id());
  server_.clock.advance(-30min);
  const TokenPair again = server_.refresh(*tokens.refresh_token).value();
  EXPECT_TRUE(server_.refresh(*again.refresh_token).has_value());
  EXPECT_EQ(server_.row(phone_.id()).issued, before.issued + 1);
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, before.last_active_at);
}

TEST_P(RefreshRemembered, IsRefusedPastALimit) {
  for (const bool idle : {false, true}) {
    Policy policy = testing::sample_policy();
    (idle ? policy.maximum_idle : policy.refresh_token_lifetime) = 1h;
    server_.crash_and_take(policy);
    const auto device = server_.sign_in(alice_, TestSessions::refreshing({}));
    const TokenPair tokens = server_.refresh(device.refresh()).value();
    server_.clock.advance(1h);
    EXPECT_EQ(refused(tokens), idle ? Reason::idle_too_long : Reason::refresh_token_expired);
  }
}

// By a clock that was set back since, which the row alone knows: a pair whose access token is idle
// at once would go on for ever.
TEST_P(RefreshRemembered, IsReadWhereASessionCanBeIdle) {
  Policy policy = testing::sample_policy();
  policy.maximum_idle = 1h;
  server_.crash_and_take(policy);
  const TokenPair tokens = remembered();
  server_.sql("UPDATE sessions SET last_active_at = last_active_at + 7200000");
  EXPECT_EQ(refused(tokens), Reason::idle_too_long);
}

TEST_P(RefreshRemembered, TakesNoOtherTokenAndNoOtherClients) {
  const TokenPair tokens = remembered();
  std::string forged = *tokens.refresh_token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_EQ(error_of(server_.refresh(forged)).reason, Reason::forged);
  // As somebody could make it who has the key file alone.
  TokenCodec codec(server_->keys());
  EXPECT_EQ(error_of(server_.refresh(codec.mint(Kind::refresh, phone_.id(), 1, {}))).reason,
            Reason::forged);
  const auto other = testing::run(
      server_->refresh(TestSessions::use(), *tokens.refresh_token, "01J00000000000000000000000"));
  EXPECT_EQ(error_of(other).reason, Reason::wrong_kind);
  EXPECT_EQ(server_.row(phone_.id()).issued, 1);
}

TEST_P(RefreshRemembered, IsReadWhileOtherNodesAreNotHeard) {
  const TokenPair tokens = remembered();
  server_->remember_while([] { return false; });
  const std::uint64_t before = reads();
  EXPECT_TRUE(server_.refresh(*tokens.refresh_token).has_value());
  EXPECT_GT(reads(), before);
}

TEST_P(RefreshRemembered, ASecondTabGetsTheSamePair) {
  const TokenPair tokens = remembered();
  const TokenPair next = server_.refresh(*tokens.refresh_token).value();
  const TokenPair again = server_.refresh(*tokens.refresh_token).value();
  EXPECT_EQ(again.access_token, next.access_token);
  EXPECT_EQ(server_.row(phone_.id()).issued, 2);
}

TEST_P(RefreshRemembered, AnOldTokenIsStillAReuse) {
  const TokenPair tokens = go_on(remembered(), 2);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).reason, Reason::reused);
  EXPECT_EQ(refused(tokens), Reason::ended_softly);
}

// Signed out on another node in the very moment: a row that was read before must not be written
// back as it was.
TEST_P(RefreshSession, DoesNotReviveWhatIsJustBeingEnded) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "writes one transaction after another";
  refuses_what_another_node_is_ending();
  EXPECT_EQ(server_.row(phone_.id()).issued, 0);
}

// The same with a token of long ago, whose use would end the session softly: that its person has
// just ended it is not softened.
TEST_P(RefreshSession, DoesNotSoftenWhatIsJustBeingEnded) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "writes one transaction after another";
  go_on(phone_.tokens, 3);
  server_->flush_promotions();
  refuses_what_another_node_is_ending();
}

// Another tab has refreshed in the very moment, so that what was read holds no longer, and the row
// is read again; before that it is signed out on another node.
TEST_P(RefreshSession, ThatDecidesAgainDoesNotReviveWhatIsJustBeingEnded) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "writes one transaction after another";
  enum class Step { begun, refreshed, waited_for, paused, ended };
  std::atomic<Step> step{Step::begun};
  const auto at = [&](Step which) { return [&step, which] { return step == which; }; };
  const auto somebody_waits = [](db::Tx& tx) {
    return testing::soon([&] {
      return tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
    });
  };
  std::jthread others([&] {
    server_.db().write_now([&](db::Tx& tx) {
      // Its access token has expired unseen, and starts its life anew when it is handed out again.
      tx.run("UPDATE sessions SET issued = 1, issued_at = :at WHERE id = :id",
             server_.clock.now() - 1h, phone_.id());
      step = Step::refreshed;
      EXPECT_TRUE(somebody_waits(tx));
      step = Step::waited_for;
      EXPECT_TRUE(testing::soon(at(Step::paused)));
    });
    server_.db().write_now([&](db::Tx& tx) {
      // When the refresh has found its row changed.
      EXPECT_TRUE(testing::soon([&] {
        return !tx.one<int>(
            "SELECT 1 FROM pg_locks WHERE relation = CAST('sessions' AS regclass)"
            " AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid() LIMIT 1");
      }));
      tx.run("UPDATE sessions SET ended = 2, end_reason = 1, ended_at = 1 WHERE id = :id",
             phone_.id());
      step = Step::ended;
      EXPECT_TRUE(somebody_waits(tx));
    });
  });
  ASSERT_TRUE(testing::soon(at(Step::refreshed)));
  boost::asio::io_context context;
  std::optional<Refreshed> refreshed;
  const Use use = TestSessions::use();  // outlives the coroutine
  boost::asio::co_spawn(context, server_->refresh(use, phone_.refresh()),
                        [&](const std::exception_ptr&, Refreshed result) { refreshed = result; });
  // Up to the write of what was foreseen; what comes of it is looked at when the session is ended.
  EXPECT_TRUE(testing::soon([&] {
    context.poll();
    return step == Step::waited_for;
  }));
  step = Step::paused;
  EXPECT_TRUE(testing::soon(at(Step::ended)));
  context.run();
  others.join();
  ASSERT_TRUE(refreshed);
  ASSERT_FALSE(refreshed->has_value());
  EXPECT_EQ(error_of(*refreshed).reason, Reason::ended_for_good);
  EXPECT_EQ(server_.row(phone_.id()).ended, Ended::for_good);
}

TEST_P(RefreshSession, ThatWaitedTooLongForItsTurnIsAFaultThatPasses) {
  TestSessions impatient(GetParam(), [] {
    Policy policy = testing::sample_policy();
    policy.refresh_grace = 600ms;
    return policy;
  }());
  const Account user = impatient.add_user();
  TestSessions::SignedIn phone;
  boost::asio::io_context context;
  std::exception_ptr fault;
  std::optional<Refreshed> refreshed;
  const Use use = TestSessions::use();  // outlives the coroutine
  const auto begin = [&] {
    phone = impatient.sign_in(user, TestSessions::refreshing("PHONE"));
    boost::asio::co_spawn(context, impatient->refresh(use, phone.refresh()),
                          [&](std::exception_ptr thrown, Refreshed result) {
                            fault = std::move(thrown);
                            refreshed = std::move(result);
                          });
  };
  begin();
  if (GetParam() == db::Dialect::postgresql) {
    // The row has been read before all connections are busy; what is left is to write it. SQLite
    // reads in place.
    auto reads = impatient.db().stats().reads;
    context.poll();
    while (impatient.db().stats().reads > reads) {  // so quickly that it may be writing by now
      context.run();
      ASSERT_FALSE(fault);
      context.restart();
      begin();
      reads = impatient.db().stats().reads;
      context.poll();
    }
    ASSERT_TRUE(testing::soon([&] { return impatient.db().stats().reads > reads; }));
  }
  // Every connection is busy for more than half of the grace after the refresh came.
  const std::size_t before = impatient.db().stats().waiting;
  std::vector<std::jthread> busy;
  std::atomic<std::size_t> at_work{0};
  const std::size_t connections =
      GetParam() == db::Dialect::sqlite ? 1 : db::TestDatabase::small().size;
  for (std::size_t i = 0; i < connections; ++i) {
    busy.emplace_back([&] {
      impatient.db().write_now([&](db::Tx& tx) {
        tx.one<int>("SELECT 1");
        ++at_work;
        EXPECT_TRUE(testing::soon([&] { return impatient.db().stats().waiting > before; }));
        std::this_thread::sleep_for(400ms);  // what the refresh has waited, and no condition
      });
    });
  }
  ASSERT_TRUE(testing::soon([&] { return at_work == connections; }));
  context.run();
  ASSERT_TRUE(fault) << "it was answered";
  EXPECT_THROW(std::rethrow_exception(fault), db::Unavailable);
  busy.clear();
  EXPECT_EQ(impatient.row(phone.id()).issued, 0);
}

TEST_P(RefreshSession, IsAFaultThatPassesWhileTheDatabaseIsAway) {
  server_.db().close();
  EXPECT_THROW(std::ignore = server_.refresh(phone_.refresh()), db::Unavailable);
  EXPECT_THROW(server_.check(phone_.access()), db::Unavailable);
  EXPECT_THROW(std::ignore = server_.sign_out(phone_.access()), db::Unavailable);
}

}  // namespace
}  // namespace latchkey::sessions
