#include "domain/sessions/start_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::TestSessions;

class StartSession : public testing::OnEachEngine {
 protected:
  Account alice_ = server_.add_user("alice");

  std::int64_t devices() {
    return server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL");
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, StartSession, db::engines(), db::engine_name);

TEST_P(StartSession, WritesARowOfWhatItReturns) {
  const auto begun = server_.sign_in(alice_);
  const Record row = server_.row(begun.id());
  EXPECT_EQ(row.user, alice_.id);
  EXPECT_EQ(row.device, begun.session.record.device);
  EXPECT_TRUE(row.refreshes);
  EXPECT_EQ(row.nonce, begun.session.record.nonce);
  EXPECT_EQ(row.created_at, server_.clock.now());
  EXPECT_EQ(row.last_active_at, server_.clock.now());
  EXPECT_EQ(row.seen, 0);
  EXPECT_EQ(row.issued, 0);
  EXPECT_EQ(row.issued_at, server_.clock.now());
  EXPECT_EQ(row.ended, Ended::live);
  // With its device's bits in the id, in the next millisecond of the id clock.
  EXPECT_EQ(IdSource::born(begun.id()), server_.clock.now() + 1ms);
  EXPECT_EQ(IdSource::low_bits(begun.id()), IdSource::low_bits(*row.device));
  EXPECT_EQ(begun.session.record.device_id.size(), 10U);
  EXPECT_TRUE(server_.check(begun.access()).active());
}

TEST_P(StartSession, KeepsTheDeviceAndEndsWhatItHadSoftly) {
  const auto first = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  const auto second = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_NE(first.id(), second.id());
  EXPECT_EQ(first.session.record.device, second.session.record.device);
  EXPECT_EQ(devices(), 1);
  EXPECT_EQ(server_.check(first.access()).worth, Worth::soft);
  EXPECT_EQ(error_of(server_.refresh(first.refresh())).worth, Worth::soft);
  EXPECT_EQ(server_.row(first.id()).end_reason, EndReason::taken_over);
  EXPECT_TRUE(server_.check(second.access()).active());
}

TEST_P(StartSession, ForgetsAtOnceWhatWasRemembered) {
  const auto first = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  server_.refresh(first.refresh()).value();
  server_.look(first.access());
  ASSERT_TRUE(server_.remembers(first.access()));
  server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_FALSE(server_.remembers(first.access()));
}

TEST_P(StartSession, TheSameNameOfAnotherUserIsAnotherDevice) {
  const auto bob = server_.add_user("bob");
  const auto hers = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  const auto his = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  EXPECT_NE(hers.session.record.device, his.session.record.device);
  EXPECT_TRUE(server_.check(hers.access()).active());
}

TEST_P(StartSession, ADeletedDeviceIsNotRevived) {
  const auto first = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_TRUE(server_.sign_out(first.access()).has_value());
  const auto second = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_NE(first.session.record.device, second.session.record.device);
  EXPECT_EQ(server_.check(first.access()).worth, Worth::ended);
}

TEST_P(StartSession, IsRefusedToAccountsThatMayNot) {
  server_.lock(alice_);
  EXPECT_EQ(error_of(server_.start(alice_, {})), StartRefusal::account_locked);
  server_.sql("UPDATE users SET deactivated_at = 1");
  EXPECT_EQ(error_of(server_.start(alice_, {})), StartRefusal::account_deactivated);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(StartSession, NeedsTheAccountsLock) {
  EXPECT_THROW(server_.db().write_now([this](db::Tx& tx) {
    return server_->start(tx, alice_, TestSessions::refreshing()).has_value();
  }),
               std::logic_error);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(StartSession, AtTheLimitRefusesANewDeviceAndEvictsNone) {
  Policy policy = testing::sample_policy();
  policy.maximum_per_user = 2;
  server_.crash_and_take(policy);
  const auto phone = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  EXPECT_EQ(error_of(server_.start(alice_, TestSessions::refreshing("WATCH"))),
            StartRefusal::too_many_devices);
  EXPECT_TRUE(server_.start(alice_, TestSessions::refreshing("PHONE")).has_value())
      << "a known device signs in again";
  EXPECT_TRUE(server_.start(server_.add_user("bob"), {}).has_value());
  server_.sign_out(phone.access()).value();
  EXPECT_TRUE(server_.start(alice_, TestSessions::refreshing("WATCH")).has_value());
}

TEST_P(StartSession, OfOneDeviceAtOnceLeavesOneLiveSession) {
  const auto sessions = server_.race(4, [this](Use) -> Task<SessionId> {
    co_return co_await server_.db().write([this](db::Tx& tx) {
      const auto account = lock_account(tx, alice_.id).value();
      return server_->start(tx, account, TestSessions::refreshing("PHONE")).value().record.id;
    });
  });
  EXPECT_EQ(sessions.size(), 4 * TestSessions::kWorkers);
  EXPECT_EQ(devices(), 1);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 0"), 1);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 1"),
            static_cast<std::int64_t>(sessions.size()) - 1);
}

TEST_P(StartSession, KeepsAUserAgentOnce) {
  server_.sign_in(alice_);
  server_.sign_in(alice_);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM user_agents"), 1);
  const auto listed = server_.db().read_now([this](db::Tx& tx) {
    std::vector<std::string> agents;
    for (const auto& one : list_sessions(tx, alice_.id)) agents.push_back(one.user_agent);
    return agents;
  });
  EXPECT_THAT(listed, ElementsAre("Client/1.0", "Client/1.0"));
}

TEST_P(StartSession, TakesAUserAgentThatIsNoTextAsNone) {
  NewSession wanted = TestSessions::refreshing();
  wanted.origin.user_agent = "\xff\xfe";
  EXPECT_TRUE(server_.start(alice_, wanted).has_value());
  wanted.origin.user_agent = std::string(100'000, 'x');
  EXPECT_TRUE(server_.start(alice_, wanted).has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM user_agents"), 1);
  EXPECT_EQ(server_.count("SELECT MAX(LENGTH(text)) FROM user_agents"), 255);
}

}  // namespace
}  // namespace latchkey::sessions
