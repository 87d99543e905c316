#include "domain/administration/administration.h"

#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::Account;
using sessions::EndReason;
using sessions::Worth;
using sessions::testing::kNoon;
using sessions::testing::TestSessions;
using Why = AdminRefused::Why;

class AdministrationTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  AdministrationTest() {
    EXPECT_EQ(administration_.create_user(kOperator, "alice", "correct horse", false),
              "@alice:example.com");
    alice_ = user("alice")->account;
    phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  }
  Worth worth() { return server_.check(phone_.access()).worth; }

  Account alice_;
  TestSessions::SignedIn phone_;
};

INSTANTIATE_TEST_SUITE_P(Engines, AdministrationTest, db::engines(), db::engine_name);

TEST_P(AdministrationTest, CreatesUsers) {
  EXPECT_EQ(administration_.create_user(kOperator, "bob", "correct horse", true),
            "@bob:example.com");
  const auto bob = user("bob");
  ASSERT_TRUE(bob.has_value());
  EXPECT_TRUE(bob->account.admin);
  EXPECT_FALSE(user("alice")->account.admin);
  EXPECT_EQ(sessions::testing::run(passwords_.verify(bob->password_hash, "correct horse")),
            accounts::Passwords::Match::yes);
}

TEST_P(AdministrationTest, RefusesUsersThatCannotBe) {
  EXPECT_EQ(error_of(administration_.create_user(kOperator, "alice", "correct horse", false)),
            (AdminRefused{Why::name_taken, "alice"}));
  EXPECT_EQ(error_of(administration_.create_user(kOperator, "Bob", "correct horse", false)),
            (AdminRefused{Why::not_a_name, "Bob"}));
  EXPECT_EQ(
      error_of(administration_.create_user(kOperator, "bob", "short", false)),
      (AdminRefused{.why = Why::weak_password,
                    .weak = accounts::WeakPassword{accounts::WeakPassword::Why::too_short, 8}}));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 1);
}

TEST_P(AdministrationTest, FindsUsersByNameOrMatrixId) {
  for (const auto* name : {"alice", "Alice", "@alice:example.com"}) {
    EXPECT_TRUE(administration_.list_sessions(name).has_value()) << name;
  }
  for (const auto* name : {"bob", "@alice:other.example", "", "@"}) {
    EXPECT_EQ(error_of(administration_.list_sessions(name)),
              (AdminRefused{Why::no_such_user, name}));
    EXPECT_FALSE(administration_.lock(kOperator, name).has_value());
    EXPECT_FALSE(administration_.set_password(kOperator, name, "correct horse").has_value());
    EXPECT_FALSE(administration_.soft_logout_user(kOperator, name).has_value());
    EXPECT_FALSE(administration_.deactivate(kOperator, name, false).has_value());
    EXPECT_FALSE(administration_.set_admin(kOperator, name, true).has_value());
  }
}

TEST_P(AdministrationTest, LocksAtOnceAndGivesAllBack) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  ASSERT_TRUE(server_.remembers(phone_.access()));
  EXPECT_TRUE(administration_.lock(kOperator, "alice").has_value());
  EXPECT_EQ(worth(), Worth::locked);
  server_.clock.advance(1s);
  EXPECT_TRUE(administration_.lock(kOperator, "alice").has_value());
  EXPECT_EQ(user("alice")->account.locked_at, kNoon) << "since when it is locked";
  EXPECT_TRUE(administration_.unlock(kOperator, "alice").has_value());
  EXPECT_EQ(worth(), Worth::active);
  EXPECT_TRUE(server_.refresh(phone_.refresh()).has_value());
}

TEST_P(AdministrationTest, SuspendsWithoutEndingAnything) {
  EXPECT_TRUE(administration_.suspend(kOperator, "alice").has_value());
  EXPECT_EQ(worth(), Worth::active);
  EXPECT_TRUE(server_.look(phone_.access()).identity.suspended);
  EXPECT_TRUE(administration_.unsuspend(kOperator, "alice").has_value());
  EXPECT_FALSE(server_.look(phone_.access()).identity.suspended);
}

TEST_P(AdministrationTest, CreatesUsersWithoutAPassword) {
  EXPECT_TRUE(administration_.create_user(kOperator, "bob", std::nullopt, false).has_value());
  EXPECT_EQ(user("bob")->password_hash, std::nullopt);
  EXPECT_FALSE(administration_.create_user(kOperator, "carol", "", false).has_value())
      << "an empty password is not none";
}

TEST_P(AdministrationTest, ANewPasswordSignsNobodyOut) {
  const auto before = user("alice")->password_hash;
  EXPECT_TRUE(administration_.set_password(kOperator, "alice", "battery staple").has_value());
  EXPECT_NE(user("alice")->password_hash, before);
  EXPECT_EQ(worth(), Worth::active);
  EXPECT_FALSE(administration_.set_password(kOperator, "alice", "short").has_value());
}

TEST_P(AdministrationTest, EndsASession) {
  EXPECT_TRUE(administration_.end_session(kOperator, phone_.id()).has_value());
  EXPECT_EQ(worth(), Worth::ended);
  EXPECT_EQ(server_.row(phone_.id()).end_reason, EndReason::administrator);
  EXPECT_EQ(error_of(administration_.end_session(kOperator, phone_.id())).why, Why::session_over);
  EXPECT_EQ(error_of(administration_.soft_logout_session(kOperator, phone_.id())).why,
            Why::session_ended);
  EXPECT_EQ(error_of(administration_.end_session(kOperator, SessionId{7})).why,
            Why::no_such_session);
  EXPECT_EQ(error_of(administration_.soft_logout_session(kOperator, SessionId{7})).why,
            Why::no_such_session);
}

TEST_P(AdministrationTest, EndsSoftly) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  EXPECT_TRUE(administration_.soft_logout_session(kOperator, phone_.id()).has_value());
  EXPECT_EQ(worth(), Worth::soft);
  EXPECT_TRUE(server_.check(tablet.access()).active());
  EXPECT_EQ(administration_.soft_logout_user(kOperator, "alice"), 1U);
  EXPECT_EQ(server_.check(tablet.access()).worth, Worth::soft);
  EXPECT_EQ(administration_.soft_logout_user(kOperator, "alice"), 0U);
  EXPECT_TRUE(administration_.end_session(kOperator, phone_.id()).has_value());
  EXPECT_EQ(worth(), Worth::ended) << "a deliberate end overwrites a soft one";
}

TEST_P(AdministrationTest, ListsEverySessionNewestFirstWithItsStanding) {
  server_.clock.advance(1s);
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.clock.advance(1s);
  const auto watch = server_.sign_in(alice_, TestSessions::refreshing("WATCH"));
  administration_.end_session(kOperator, phone_.id()).value();
  administration_.soft_logout_session(kOperator, tablet.id()).value();
  const auto listed = administration_.list_sessions("alice").value();
  ASSERT_EQ(listed.size(), 3U);
  const std::tuple<SessionId, std::string, Worth> rows[] = {{watch.id(), "WATCH", Worth::active},
                                                            {tablet.id(), "TABLET", Worth::soft},
                                                            {phone_.id(), "PHONE", Worth::ended}};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& [id, device, worth] = rows[i];
    EXPECT_EQ(listed[i].session.session.record.id, id);
    EXPECT_EQ(listed[i].session.session.record.device_id, device);
    EXPECT_EQ(listed[i].standing.worth, worth);
    EXPECT_EQ(listed[i].session.address, "192.0.2.1");
  }
}

TEST_P(AdministrationTest, MarksAGap) {
  server_.lose_row(phone_.id());
  server_.sql("DELETE FROM gaps");
  server_.clock.advance(1h);
  server_.sql("UPDATE heartbeat SET at = :at", server_.clock.now());
  EXPECT_EQ(worth(), Worth::ended);
  EXPECT_EQ(error_of(administration_.mark_gap(kOperator, kNoon, kNoon - 1ms)).why,
            Why::gap_ends_before_it_begins);
  administration_.mark_gap(kOperator, kNoon - 1min, kNoon + 1min).value();
  EXPECT_EQ(worth(), Worth::soft);
}

// A full pool is a reason to come back, and no reason to hold up whoever waits for the same thread.
TEST_P(AdministrationTest, PasswordsBeyondWhatThePoolTakesAreRefused) {
  accounts::PasswordOptions options = accounts::testing::cheap_passwords();
  options.hashing.hash_memory = config::Bytes{8 << 20};
  options.hashing.hash_threads = 1;
  options.hashing.hash_queue = 1;
  options.minimum_score = 0;
  accounts::Passwords passwords(options);
  Administration administration(server_.ground(), *server_, passwords, "example.com",
                                server_.ground().log);
  boost::asio::io_context context;
  int busy = 0;
  for (int i = 0; i < 10; ++i) {
    boost::asio::co_spawn(context,
                          administration.set_password(kOperator, "alice", "battery staple"),
                          [&](std::exception_ptr fault, const Administration::Result<>& result) {
                            ASSERT_FALSE(fault);
                            if (!result) ++busy;
                            if (!result) EXPECT_EQ(error_of(result).why, Why::busy);
                          });
  }
  context.run();
  EXPECT_GE(busy, 1);
  EXPECT_LE(busy, 9);
}

TEST_P(AdministrationTest, MakesAdministrators) {
  EXPECT_TRUE(administration_.set_admin(kOperator, "alice", true).has_value());
  EXPECT_TRUE(server_.look(phone_.access()).identity.admin);
  EXPECT_TRUE(administration_.set_admin(kOperator, "alice", false).has_value());
  EXPECT_FALSE(server_.look(phone_.access()).identity.admin);
}

}  // namespace
}  // namespace latchkey::administration
