// Sign-ins that are written without the account's lock, if it is as it was read.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/sessions/device_id.h"
#include "domain/sessions/sessions_testing.h"
#include "domain/sessions/start_session.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::run;
using testing::TestSessions;

constexpr const char* kHash = "the hash";
constexpr const char* kLive = "SELECT COUNT(*) FROM sessions WHERE ended = 0";
constexpr const char* kDevices = "SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL";

class StartUnlocked : public testing::OnEachEngine {
 protected:
  StartUnlocked() {
    // The user agent is known from here on.
    server_.sign_in(server_.add_user("before"));
    server_.sql("DELETE FROM sessions");
    server_.sql("DELETE FROM devices");
  }

  Account add_user(const std::string& name) {
    const Account account = server_.add_user(name);
    server_.sql("UPDATE users SET password_hash = :hash WHERE id = :id", kHash, account.id);
    return account;
  }
  static NewSession wanted() {
    NewSession wanted = TestSessions::refreshing(new_device_id());
    wanted.new_device = true;
    return wanted;
  }
  std::optional<Session> unlocked(const Account& account, NewSession& wanted) {
    return run(server_->start_unlocked(account, kHash, wanted));
  }
  std::optional<Session> unlocked(const Account& account) {
    NewSession fresh = wanted();
    return unlocked(account, fresh);
  }
  // As a sign-in does it; false: it is refused, or the password is another one by now.
  Task<bool> sign_in(Account account, NewSession wanted) {
    if (co_await server_->start_unlocked(account, kHash, wanted)) co_return true;
    co_return co_await server_.db().write([&](db::Tx& tx) {
      const auto now = lock_account(tx, account.id).value();
      const auto hash =
          tx.one<std::string>("SELECT password_hash FROM users WHERE id = :id", account.id);
      return std::get<0>(*hash) == kHash && server_->start(tx, now, wanted).has_value();
    });
  }
  // Many sign-ins of many threads, with `meanwhile` in the midst of them.
  std::size_t storm(const Account& account, const std::function<void(db::Tx&)>& meanwhile) {
    std::atomic<int> number{0};
    const auto began = server_.race(3, [&](Use) -> Task<bool> {
      if (number++ == 1) {
        co_await server_.db().write(meanwhile);
        co_return false;
      }
      co_return co_await sign_in(account, wanted());
    });
    return static_cast<std::size_t>(std::ranges::count(began, true));
  }

  Account alice_ = add_user("alice");
};

INSTANTIATE_TEST_SUITE_P(Engines, StartUnlocked, db::engines(), db::engine_name);

TEST_P(StartUnlocked, WritesWhatAnyOtherSignInDoes) {
  NewSession phone = wanted();
  phone.device.display_name = "Alice's phone";
  const auto session = unlocked(alice_, phone);
  ASSERT_TRUE(session.has_value());
  const Record row = server_.row(session->record.id);
  EXPECT_EQ(row.user, alice_.id);
  EXPECT_EQ(row.device, session->record.device);
  EXPECT_EQ(row.device_id, phone.device_id);
  EXPECT_EQ(row.nonce, session->record.nonce);
  EXPECT_EQ(row.created_at, server_.clock.now());
  EXPECT_EQ(row.issued_at, server_.clock.now());
  EXPECT_EQ(row.ended, Ended::live);
  EXPECT_EQ(IdSource::low_bits(row.id), IdSource::low_bits(*row.device));
  EXPECT_TRUE(server_.check(server_->tokens_of(0, session->record).access_token).active());
  const auto listed =
      server_.db().read_now([&](db::Tx& tx) { return list_sessions(tx, alice_.id); });
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].device_display_name, "Alice's phone");
  EXPECT_EQ(listed[0].user_agent, "Client/1.0");
  EXPECT_EQ(listed[0].address, "192.0.2.1");
}

TEST_P(StartUnlocked, WritesNothingUnlessAllIsAsItWasRead) {
  for (const char* change :
       {"UPDATE users SET password_hash = 'another'", "UPDATE users SET password_hash = NULL",
        "UPDATE users SET locked_at = 1", "UPDATE users SET deactivated_at = 1",
        "UPDATE users SET devices_at_most = 500", "UPDATE users SET devices_at_most = NULL",
        "UPDATE user_agents SET used_at = 1", "DELETE FROM user_agents", "DELETE FROM users"}) {
    TestSessions other(GetParam());
    const Account bob = other.add_user("bob");
    other.sign_in(bob);
    other.sql("DELETE FROM sessions");
    other.sql("DELETE FROM devices");
    other.sql("UPDATE users SET password_hash = :hash", kHash);
    NewSession phone = wanted();
    EXPECT_TRUE(run(other->start_unlocked(bob, kHash, phone)).has_value());
    other.sql("DELETE FROM sessions");
    other.sql("DELETE FROM devices");
    other.sql(change);
    NewSession tablet = wanted();
    EXPECT_FALSE(run(other->start_unlocked(bob, kHash, tablet)).has_value()) << change;
    EXPECT_TRUE(tablet.tried.has_value()) << "it may have been written all the same";
    EXPECT_EQ(other.count("SELECT COUNT(*) FROM sessions"), 0) << change;
    EXPECT_EQ(other.count("SELECT COUNT(*) FROM devices"), 0) << change;
  }
}

TEST_P(StartUnlocked, IsNoWayToADeviceThatWasNamed) {
  NewSession named = TestSessions::refreshing("PHONE");
  EXPECT_FALSE(unlocked(alice_, named).has_value());
  EXPECT_EQ(server_.count(kDevices), 0);
}

TEST_P(StartUnlocked, IsNotForWhereSomebodyListens) {
  server_.events.listen<events::SessionStarted>([](db::Tx&, const events::SessionStarted&) {});
  EXPECT_FALSE(unlocked(alice_).has_value());
  EXPECT_EQ(server_.count(kDevices), 0);
}

// The answer of the database got lost.
TEST_P(StartUnlocked, WhatWasWrittenAlreadyIsFoundUnderTheLock) {
  NewSession phone = wanted();
  const auto session = unlocked(alice_, phone);
  ASSERT_TRUE(session.has_value());
  phone.new_device = false;
  phone.tried = session->record;
  const auto again = server_.start(alice_, phone);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->record.id, session->record.id);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 1);
  phone.tried->nonce[0] ^= 1;
  EXPECT_NE(server_.start(alice_, phone)->record.id, session->record.id) << "somebody else's row";
  EXPECT_EQ(server_.count(kDevices), 1);
  EXPECT_EQ(server_.count(kLive), 1);
}

// And everybody was signed out before it was looked for.
TEST_P(StartUnlocked, WhatWasWrittenAndEndedSinceIsNotHandedOut) {
  NewSession phone = wanted();
  const auto session = unlocked(alice_, phone);
  ASSERT_TRUE(session.has_value());
  ASSERT_TRUE(
      server_.sign_out_everywhere(server_->tokens_of(0, session->record).access_token).has_value());
  phone.new_device = false;
  phone.tried = session->record;
  const auto again = server_.start(alice_, phone);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(server_.check(server_->tokens_of(0, again->record).access_token).active());
  EXPECT_EQ(server_.count(kLive), 1);
  EXPECT_EQ(server_.count(kDevices), 1);
}

// Two nodes made up the same key.
TEST_P(StartUnlocked, NoSessionBeginsOnADeviceThatIsSomebodyElses) {
  const auto his = server_.sign_in(server_.add_user("bob"), TestSessions::refreshing("HIS"));
  server_.sql("UPDATE sessions SET ended = 2");
  for (const char* name : {"HERS", "HIS"}) {
    Record record = his.session.record;
    record.id = SessionId{std::to_underlying(record.id) + (std::int64_t{1} << 21)};
    record.user = alice_.id;
    record.device_id = name;
    const Device device{{}, record.device.value(), alice_.id, name};
    const Origin origin{.address = "192.0.2.1", .user_agent = "Client/1.0"};
    EXPECT_FALSE(run(insert_unchanged(server_.db(), {.device = device,
                                                     .record = record,
                                                     .origin = origin,
                                                     .browser = {},
                                                     .password_hash = kHash,
                                                     .most_devices = 500})));
    EXPECT_EQ(server_.count(kLive), 0) << name;
  }
  EXPECT_EQ(server_.count(kDevices), 1);
}

TEST_P(StartUnlocked, TwoThatNameTheSameNewDeviceLeaveOneLiveSession) {
  for (int round = 0; round < 10; ++round) {
    const NewSession same = wanted();
    const auto began =
        server_.race(2, [&](Use) -> Task<bool> { co_return co_await sign_in(alice_, same); });
    EXPECT_EQ(std::ranges::count(began, true), 8);
    EXPECT_EQ(server_.count(kLive), round + 1);
    EXPECT_EQ(server_.count(kDevices), round + 1);
  }
}

TEST_P(StartUnlocked, NoneOutlivesAPasswordThatIsChanged) {
  for (int round = 0; round < 20; ++round) {
    const Account user = add_user("changes" + std::to_string(round));
    storm(user, [&](db::Tx& tx) {
      lock_account(tx, user.id);
      tx.run("UPDATE users SET password_hash = 'new' WHERE id = :id", user.id);
      server_->end(tx, AllOf{user.id}, Ended::for_good, EndReason::password_changed);
    });
    EXPECT_EQ(server_.count(kLive), 0) << round;
    EXPECT_EQ(server_.count(kDevices), 0) << round;
  }
}

TEST_P(StartUnlocked, NoneOutlivesADeactivation) {
  for (int round = 0; round < 20; ++round) {
    const Account user = add_user("goes" + std::to_string(round));
    storm(user, [&](db::Tx& tx) {
      lock_account(tx, user.id);
      server_->end(tx, AllOf{user.id}, Ended::for_good, EndReason::account_deactivated);
      tx.run("UPDATE users SET deactivated_at = 1 WHERE id = :id", user.id);
    });
    EXPECT_EQ(server_.count(kLive), 0) << round;
  }
}

// Whatever began before somebody signs out everywhere ends, and what began after goes on: no device
// is left without its session, and no session without its device.
TEST_P(StartUnlocked, BesideASignOutEverywhereDevicesAndSessionsStayTogether) {
  for (int round = 0; round < 20; ++round) {
    const Account user = add_user("out" + std::to_string(round));
    storm(user, [&](db::Tx& tx) {
      lock_account(tx, user.id);
      server_->end(tx, AllOf{user.id}, Ended::for_good, EndReason::logout_all);
    });
    EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices d LEFT JOIN sessions s"
                            " ON s.device = d.id AND s.ended = 0"
                            " WHERE (d.deleted_at IS NULL) <> (s.id IS NOT NULL)"),
              0);
  }
}

TEST_P(StartUnlocked, ManyAtOnceGetAsManyDevicesAsThereMayBe) {
  Policy policy = testing::sample_policy();
  policy.maximum_per_user = 7;
  server_.crash_and_take(policy);
  for (int round = 0; round < 10; ++round) {
    const Account user = add_user("many" + std::to_string(round));
    const auto began =
        server_.race(4, [&](Use) -> Task<bool> { co_return co_await sign_in(user, wanted()); });
    EXPECT_EQ(std::ranges::count(began, true), 7) << round;
    EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE user_id = :user", user.id), 7);
  }
}

// The bound of what an account has is not lowered when it has less; it is counted when it matters.
TEST_P(StartUnlocked, WhoSignsOutHasRoomAgain) {
  Policy policy = testing::sample_policy();
  policy.maximum_per_user = 3;
  server_.crash_and_take(policy);
  const auto sign_in_and_out = [&] {
    NewSession next = wanted();
    auto session = unlocked(alice_, next);
    const bool at_once = session.has_value();
    if (!session) session = server_.start(alice_, next).value();
    server_.sign_out(server_->tokens_of(0, session->record).access_token).value();
    return at_once;
  };
  int at_once = 0;
  for (int i = 0; i < 12; ++i) at_once += sign_in_and_out() ? 1 : 0;
  EXPECT_EQ(at_once, 9) << "each fourth has to count them";
  EXPECT_EQ(server_.count(kDevices), 0);
}

TEST_P(StartUnlocked, WaitsForNobodyWhoHoldsTheAccount) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "writes one transaction after another";
  const Account bob = add_user("bob");
  std::atomic<bool> held{false};
  std::atomic<bool> free{false};
  std::jthread other([&] {
    server_.db().write_now([&](db::Tx& tx) {
      lock_account(tx, bob.id);
      held = true;
      EXPECT_TRUE(testing::soon([&] { return free.load(); }));
    });
  });
  ASSERT_TRUE(testing::soon([&] { return held.load(); }));
  EXPECT_FALSE(unlocked(bob).has_value());
  EXPECT_TRUE(unlocked(alice_).has_value());
  free = true;
  other.join();
  EXPECT_TRUE(unlocked(bob).has_value());
  EXPECT_EQ(server_.count(kLive), 2);
}

// Those that share a commit: who cannot begin so keeps nobody from it.
TEST_P(StartUnlocked, OneThatIsNotAsItWasHarmsNoOther) {
  std::vector<Account> users;
  for (int i = 0; i < 8; ++i) users.push_back(add_user("of" + std::to_string(i)));
  server_.sql("UPDATE users SET password_hash = 'another' WHERE id = :id", users[3].id);
  std::atomic<std::size_t> number{0};
  const auto began = server_.race(2, [&](Use) -> Task<bool> {
    NewSession fresh = wanted();
    const Account& user = users[number++];
    co_return (co_await server_->start_unlocked(user, kHash, fresh)).has_value();
  });
  EXPECT_EQ(std::ranges::count(began, true), 7);
  EXPECT_EQ(server_.count(kLive), 7);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE user_id = :user", users[3].id), 0);
}

}  // namespace
}  // namespace latchkey::sessions
