// Browsers that are signed in to the account pages: how long they are, and what ends them.
#include "domain/signin/browser_sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "domain/self/self_testing.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/error_testing.h"

namespace latchkey::signin {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::testing::kNoon;
using sessions::testing::run;
using Why = LoginRefused::Why;

constexpr BrowserSessionOptions kOptions{.maximum_idle = 1h, .maximum_age = 24h, .fresh = 5min};

struct Case {
  const char* what;
  Duration created;  // before now
  Duration authenticated;
  Duration active;
  bool over;
  bool fresh;
};

constexpr Case kCases[] = {
    {"just begun", 0ms, 0ms, 0ms, false, true},
    {"in use", 2h, 2h, 59min, false, false},
    {"about to be idle for too long", 2h, 2h, 1h - 1ms, false, false},
    {"idle for too long", 2h, 2h, 1h, true, false},
    {"about to be too old", 24h - 1ms, 1h, 0ms, false, false},
    {"too old, however lively", 24h, 0ms, 0ms, true, true},
    {"about to need the password", 2h, 5min - 1ms, 0ms, false, true},
    {"needs the password", 2h, 5min, 0ms, false, false},
    {"another node's clock is a little ahead", -5s, -5s, -5s, false, true},
    {"used before the clock was set back", 2h, 2h, -1h, true, false},
    {"begun before the clock was set back", -1h, 0ms, 0ms, true, true},
    {"confirmed before the clock was set back", 2h, -1h, 0ms, false, false},
};

TEST(BrowserSessionRules, EachLimitAndTheClock) {
  for (const Case& one : kCases) {
    const BrowserSession session{.id = BrowserSessionId{1},
                                 .account = {},
                                 .created_at = kNoon - one.created,
                                 .authenticated = {.at = kNoon - one.authenticated},
                                 .last_active_at = kNoon - one.active,
                                 .origin = {}};
    EXPECT_EQ(past_a_limit(session, kOptions, kNoon), one.over) << one.what;
    EXPECT_EQ(is_fresh(session.authenticated, kOptions.fresh, kNoon), one.fresh) << one.what;
  }
}

class BrowserSessionsTest : public self::testing::SigninOnEachEngine {
 protected:
  BrowserSessionsTest() {
    administration_.create_user(kOperator, "alice", "correct horse", false).value();
    administration_.create_user(kOperator, "bob", "battery staple", false).value();
  }

  auto sign_in(const std::string& password, const std::string& previous = "",
               const std::string& user = "alice") {
    return run(browsers_.sign_in(UserName{user}, password, {"192.0.2.1", "Firefox"}, previous));
  }
  std::optional<BrowserSession> find(const std::string& cookie,
                                     const sessions::Origin& origin = {"192.0.2.1", "Firefox"}) {
    return run(browsers_.find(cookie, origin));
  }
  std::vector<BrowserSession> list(const BrowserSession& of) {
    return run(browsers_.list(of.account.id));
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM browser_sessions"); }

  BrowserSessions& browsers_ = surface_.browsers;
};

INSTANTIATE_TEST_SUITE_P(Engines, BrowserSessionsTest, db::engines(), db::engine_name);

TEST_P(BrowserSessionsTest, ACookieLeadsToItsPersonAndIsNotKept) {
  const auto in = sign_in("correct horse").value();
  EXPECT_GE(in.cookie.size(), 32u);
  const auto found = find(in.cookie);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->account.localpart, "alice");
  EXPECT_EQ(found->id, in.session.id);
  EXPECT_TRUE(browsers_.fresh(*found));
  EXPECT_FALSE(find(in.cookie + "x").has_value());
  EXPECT_FALSE(find("").has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions WHERE hash = :hash", in.cookie),
            0);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions WHERE hash = :hash",
                          cookie_hash(in.cookie)),
            1);
}

TEST_P(BrowserSessionsTest, WhoCannotSignInIsToldWhy) {
  EXPECT_EQ(error_of(sign_in("wrong horse")).why, Why::wrong_credentials);
  EXPECT_EQ(error_of(sign_in("correct horse", "", "nobody")).why, Why::wrong_credentials);
  administration_.lock(kOperator, "alice").value();
  EXPECT_EQ(error_of(sign_in("correct horse")).why, Why::account_locked);
  administration_.unlock(kOperator, "alice").value();
  administration_.deactivate(kOperator, "alice", false).value();
  EXPECT_EQ(error_of(sign_in("correct horse")).why, Why::account_deactivated);
  EXPECT_EQ(rows(), 0);
}

TEST_P(BrowserSessionsTest, GuessesAreLimited) {
  LoginRefused last{Why::not_offered};
  for (int i = 0; i < 100 && last.why != Why::too_many_failures; ++i) {
    last = error_of(sign_in("guess"));
  }
  EXPECT_EQ(last.why, Why::too_many_failures);
  EXPECT_GT(last.retry_after, 0ms);
}

TEST_P(BrowserSessionsTest, AnAccountHasNoMoreThanFifty) {
  const auto first = sign_in("correct horse").value();
  const auto used = sign_in("correct horse").value();
  const auto bobs = sign_in("battery staple", "", "bob").value();
  server_.clock.advance(2min);
  ASSERT_TRUE(find(used.cookie).has_value());
  for (int i = 0; i < 49; ++i) ASSERT_TRUE(sign_in("correct horse").has_value());
  EXPECT_EQ(list(first.session).size(), 50u);
  EXPECT_FALSE(find(first.cookie).has_value()) << "the one that was not used for longest";
  EXPECT_TRUE(find(used.cookie).has_value());
  EXPECT_TRUE(find(bobs.cookie).has_value());
}

TEST_P(BrowserSessionsTest, ANewSignInEndsTheOneBefore) {
  const auto first = sign_in("correct horse").value();
  const auto other = sign_in("correct horse").value();
  const auto second = sign_in("battery staple", first.cookie, "bob").value();
  EXPECT_NE(first.cookie, second.cookie);
  EXPECT_FALSE(find(first.cookie).has_value());
  EXPECT_EQ(find(second.cookie)->account.localpart, "bob");
  EXPECT_TRUE(find(other.cookie).has_value());
  // Who could plant a cookie gains nothing by it.
  const auto planted = sign_in("correct horse", "planted").value();
  EXPECT_NE(planted.cookie, "planted");
  EXPECT_FALSE(find("planted").has_value());
  // A sign-in that fails ends nothing.
  EXPECT_FALSE(sign_in("wrong horse", other.cookie).has_value());
  EXPECT_TRUE(find(other.cookie).has_value());
}

// Another page of the same browser: what it has let in, and is about to, goes on.
TEST_P(BrowserSessionsTest, SigningInAgainToTheSameAccountGoesOn) {
  const auto first = sign_in("correct horse").value();
  server_.clock.advance(5min);
  const auto second = sign_in("correct horse", first.cookie).value();
  EXPECT_EQ(second.session.id, first.session.id);
  EXPECT_NE(second.cookie, first.cookie) << "else a planted cookie would be good";
  EXPECT_FALSE(find(first.cookie).has_value());
  const auto found = find(second.cookie);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(browsers_.fresh(*found));
  EXPECT_EQ(rows(), 1);
  EXPECT_FALSE(sign_in("wrong horse", second.cookie).has_value());
  EXPECT_TRUE(find(second.cookie).has_value());
}

TEST_P(BrowserSessionsTest, ACookieNamesItsAccountToTheForms) {
  const auto named = [](const std::string& cookie) { return cookie.substr(cookie.rfind('.')); };
  const auto alice = sign_in("correct horse").value();
  const auto bob = sign_in("battery staple", "", "bob").value();
  EXPECT_NE(named(alice.cookie), named(bob.cookie));
  EXPECT_EQ(named(sign_in("correct horse").value().cookie), named(alice.cookie));
  EXPECT_EQ(named(run(browsers_.reauthenticate(alice.session, "correct horse", "")).value().cookie),
            named(alice.cookie));
}

TEST_P(BrowserSessionsTest, NoPasswordProlongsOneBeyondItsAge) {
  const auto in = sign_in("correct horse").value();
  const Duration age = browsers_.options().maximum_age;
  for (const bool by_form : {true, false}) {
    const auto before = sign_in("correct horse").value();
    const auto stale = before.session;
    server_.clock.advance(age);
    const auto again = by_form ? sign_in("correct horse", before.cookie).value()
                               : run(browsers_.reauthenticate(stale, "correct horse", "")).value();
    EXPECT_NE(again.session.id, stale.id) << by_form;
    EXPECT_EQ(again.session.created_at, server_.clock.now());
    EXPECT_TRUE(find(again.cookie).has_value());
    EXPECT_FALSE(find(before.cookie).has_value());
  }
}

TEST_P(BrowserSessionsTest, UseProlongsItAndIsNotedOnceAMinute) {
  const auto in = sign_in("correct horse").value();
  server_.clock.advance(30s);
  ASSERT_TRUE(find(in.cookie, {"192.0.2.2", "Chrome"}).has_value());
  EXPECT_EQ(list(in.session).at(0).last_active_at, kNoon);
  EXPECT_EQ(list(in.session).at(0).origin.address, "192.0.2.1");
  server_.clock.advance(30s);
  EXPECT_EQ(find(in.cookie, {"192.0.2.2", "Chrome"})->last_active_at, kNoon + 1min);
  EXPECT_EQ(list(in.session).at(0).last_active_at, kNoon + 1min);
  EXPECT_EQ(list(in.session).at(0).origin.address, "192.0.2.2");
  EXPECT_EQ(list(in.session).at(0).origin.user_agent, "Chrome");
  server_.clock.advance(24h * 14 - 1ms);
  EXPECT_TRUE(find(in.cookie).has_value());
  server_.clock.advance(24h * 14);
  EXPECT_FALSE(find(in.cookie).has_value());
  EXPECT_TRUE(list(in.session).empty());
}

TEST_P(BrowserSessionsTest, OddUserAgentsDoNoHarm) {
  const auto in = sign_in("correct horse").value();
  server_.clock.advance(1min);
  ASSERT_TRUE(find(in.cookie, {"192.0.2.2", "\xff\xfe"}).has_value());
  server_.clock.advance(1min);
  ASSERT_TRUE(find(in.cookie, {"192.0.2.2", std::string(3000, 'x')}).has_value());
  EXPECT_EQ(list(in.session).at(0).origin.user_agent.size(), 255u);
}

TEST_P(BrowserSessionsTest, LockedAccountsAreAbsentWhileTheyAre) {
  const auto in = sign_in("correct horse").value();
  administration_.lock(kOperator, "alice").value();
  EXPECT_FALSE(find(in.cookie).has_value());
  administration_.unlock(kOperator, "alice").value();
  EXPECT_TRUE(find(in.cookie).has_value());
}

TEST_P(BrowserSessionsTest, GivingThePasswordAgainMakesItFreshUnderANewCookie) {
  const auto in = sign_in("correct horse").value();
  server_.clock.advance(5min);
  const auto stale = find(in.cookie).value();
  EXPECT_FALSE(browsers_.fresh(stale));
  EXPECT_EQ(error_of(run(browsers_.reauthenticate(stale, "wrong horse", "192.0.2.1"))).why,
            Why::wrong_credentials);
  EXPECT_TRUE(find(in.cookie).has_value());
  const auto again = run(browsers_.reauthenticate(stale, "correct horse", "192.0.2.1")).value();
  EXPECT_TRUE(browsers_.fresh(again.session));
  EXPECT_FALSE(find(in.cookie).has_value());
  const auto found = find(again.cookie).value();
  EXPECT_EQ(found.id, in.session.id);
  EXPECT_EQ(found.created_at, kNoon);
  EXPECT_TRUE(browsers_.fresh(found));
  EXPECT_EQ(rows(), 1);
}

TEST_P(BrowserSessionsTest, TheRowSaysWhenAndByWhatItsPersonWasAuthenticated) {
  const auto in = sign_in("correct horse").value();
  server_.clock.advance(5min);
  const auto before = find(in.cookie).value();
  EXPECT_EQ(before.authenticated, (Authentication{.at = kNoon, .by = AuthMethod::password}));
  const auto again = run(browsers_.reauthenticate(before, "correct horse", "192.0.2.1")).value();
  EXPECT_EQ(find(again.cookie)->authenticated,
            (Authentication{.at = kNoon + 5min, .by = AuthMethod::password}));
  server_.sql("UPDATE browser_sessions SET authenticated_by = 7");
  EXPECT_EQ(find(again.cookie)->authenticated.by, AuthMethod{7}) << "of a newer version";
}

TEST_P(BrowserSessionsTest, OneThatEndedMeanwhileBeginsAnew) {
  const auto in = sign_in("correct horse").value();
  server_.db().write_now([&](db::Tx& tx) { sign_out_everywhere(tx, in.session.account.id); });
  const auto again =
      run(browsers_.reauthenticate(in.session, "correct horse", "192.0.2.1")).value();
  EXPECT_NE(again.session.id, in.session.id);
  EXPECT_TRUE(find(again.cookie).has_value());
}

TEST_P(BrowserSessionsTest, WhatEndsTheAccountsSessionsEndsItsBrowsers) {
  const auto bob = sign_in("battery staple", "", "bob").value();
  const auto ends = [&](const auto& change) {
    const auto in = sign_in("correct horse").value();
    EXPECT_TRUE(find(in.cookie).has_value());
    change();
    return !find(in.cookie).has_value() && rows() == 1;
  };
  EXPECT_TRUE(ends([&] { administration_.soft_logout_user(kOperator, "alice").value(); }));
  EXPECT_TRUE(ends([&] {
    const auto client = login("alice", "correct horse").value();
    server_.sign_out_everywhere(client.tokens.access_token).value();
  }));
  EXPECT_TRUE(
      ends([&] { administration_.set_password(kOperator, "alice", "correct horse").value(); }));
  for (const bool logout_devices : {false, true}) {
    EXPECT_TRUE(ends([&] {
      const auto client = caller(login("alice", "correct horse").value().tokens.access_token);
      ASSERT_TRUE(run(surface_.operations.change_password(confirmed(client), "correct horse",
                                                          logout_devices))
                      .has_value());
    }));
  }
  EXPECT_TRUE(ends([&] { administration_.deactivate(kOperator, "alice", false).value(); }));
  EXPECT_TRUE(find(bob.cookie).has_value());
  administration_.soft_logout_everybody(kOperator);
  EXPECT_FALSE(find(bob.cookie).has_value());
}

TEST_P(BrowserSessionsTest, AllButOneCanBeEnded) {
  const auto kept = sign_in("correct horse").value();
  const auto other = sign_in("correct horse").value();
  server_.db().write_now(
      [&](db::Tx& tx) { sign_out_everywhere(tx, kept.session.account.id, kept.session.id); });
  EXPECT_TRUE(find(kept.cookie).has_value());
  EXPECT_FALSE(find(other.cookie).has_value());
}

TEST_P(BrowserSessionsTest, OldRowsArePurged) {
  const auto in = sign_in("correct horse").value();
  server_.clock.advance(24h * 14 - 1ms);
  browsers_.purge();
  EXPECT_EQ(rows(), 1);
  server_.clock.advance(1ms);
  browsers_.purge();
  EXPECT_EQ(rows(), 0);
}

// What happens at the same moment on another node, held back until `other` waits for it or is done.
class BrowserRaces : public BrowserSessionsTest {
 protected:
  // Runs `change` in a transaction that has locked the account, and `other` beside it. Whether it
  // waited.
  template <class Change, class Other>
  bool waits(const BrowserSession& browser, Change change, Other other) {
    std::atomic<bool> held{false};
    std::atomic<bool> done{false};
    bool waited = false;
    std::jthread first([&] {
      server_.db().write_now([&](db::Tx& tx) {
        sessions::lock_account(tx, browser.account.id);
        change(tx);
        held = true;
        EXPECT_TRUE(sessions::testing::soon([&] {
          waited = tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
          return waited || done;
        }));
      });
    });
    EXPECT_TRUE(sessions::testing::soon([&] { return held.load(); }));
    other();
    done = true;
    first.join();
    return waited;
  }
  Task<bool> signed_out(const BrowserSession& browser) {
    co_await browsers_.end(browser.account.id, browser.id);
    co_return true;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, BrowserRaces, ::testing::Values(db::Dialect::postgresql),
                         db::engine_name);

TEST_P(BrowserRaces, ItsEndDoesNotFallIntoWhatItIsDoing) {
  const auto in = sign_in("correct horse").value();
  EXPECT_TRUE(waits(in.session, [](db::Tx&) {}, [&] { run(signed_out(in.session)); }));
  EXPECT_FALSE(find(in.cookie).has_value());
}

TEST_P(BrowserRaces, NoLoginTokenIsMadeForOneThatIsBeingSignedOut) {
  const auto in = sign_in("correct horse").value();
  std::optional<std::string> token;
  EXPECT_TRUE(waits(
      in.session,
      [&](db::Tx& tx) {
        delete_browser_of(tx, server_.ground().events, in.session.account.id, in.session.id);
      },
      [&] { token = run(surface_.login_tokens.make_for_browser(in.session)); }));
  EXPECT_FALSE(token.has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM login_tokens"), 0);
}

TEST_P(BrowserSessionsTest, KeepFewLoginTokensHoweverOftenSomebodyClicks) {
  const auto browser = find(sign_in("correct horse").value().cookie);
  ASSERT_TRUE(browser.has_value());
  std::string newest;
  for (int i = 0; i < 40; ++i) {
    server_.clock.advance(1ms);
    newest = run(surface_.login_tokens.make_for_browser(*browser)).value();
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM login_tokens"), 5);
  EXPECT_TRUE(run(surface_.sign_in.with_token(0, newest, device("PHONE"))).has_value());
}

}  // namespace
}  // namespace latchkey::signin
