// How sessions end, against both engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "domain/sessions/announcer.h"
#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::TestSessions;

class SignOut : public testing::OnEachEngine {
 protected:
  template <class Which>
  auto end(const Which& which, Ended how, EndReason why) {
    return server_.db().write_now([&](db::Tx& tx) {
      lock_account(tx, alice_.id);
      return server_->end(tx, which, how, why);
    });
  }
  std::size_t end_everybody() {
    return server_.db().write_now(
        [&](db::Tx& tx) { return server_->end(tx, Everybody{}, EndReason::administrator_softly); });
  }
  bool end_softly(SessionId id) {
    return end(server_.session(id), Ended::softly, EndReason::administrator_softly);
  }
  void expect_over(const TestSessions::SignedIn& session, EndReason why) {
    EXPECT_EQ(server_.check(session.access()).worth, Worth::ended);
    EXPECT_EQ(error_of(server_.refresh(session.refresh())).worth, Worth::ended);
    EXPECT_EQ(server_.row(session.id()).end_reason, why);
  }
  bool has_device(std::string_view name) {
    return server_.db().read_now(
        [&](db::Tx& tx) { return find_device(tx, alice_.id, name).has_value(); });
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

INSTANTIATE_TEST_SUITE_P(Engines, SignOut, db::engines(), db::engine_name);

TEST_P(SignOut, EndsTheSessionAndItsDeviceForGood) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  ASSERT_TRUE(server_.remembers(phone_.access()));
  EXPECT_TRUE(server_.sign_out(phone_.access()).has_value());
  EXPECT_FALSE(server_.remembers(phone_.access())) << "before the answer";
  expect_over(phone_, EndReason::logout);
  EXPECT_FALSE(has_device("PHONE"));
  EXPECT_EQ(error_of(server_.sign_out(phone_.access())).reason, Reason::ended_for_good) << "once";
}

// A token that the client holds ends its session, whatever it is worth: the "log out fully" of a
// softly logged-out client has nothing else.
TEST_P(SignOut, WorksWhateverTheTokenIsWorth) {
  struct Row {
    const char* name;
    std::function<void(const TestSessions::SignedIn&)> make;
  };
  const Row rows[] = {
      {"expired", [&](const auto&) { server_.clock.advance(1h); }},
      {"locked", [&](const auto&) { server_.lock(alice_); }},
      {"softly ended", [&](const auto& session) { end_softly(session.id()); }},
      {"replaced, the new pair not used",
       [&](const auto& session) { EXPECT_TRUE(server_.refresh(session.refresh())); }},
  };
  for (const Row& row : rows) {
    const auto session = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
    row.make(session);
    EXPECT_TRUE(server_.sign_out(session.access()).has_value()) << row.name;
    server_.lock(alice_, false);
    EXPECT_EQ(server_.check(session.access()).worth, Worth::ended) << row.name;
    EXPECT_FALSE(has_device("TABLET")) << row.name;
  }
}

TEST_P(SignOut, AnOldTokenEndsNothing) {
  TokenPair tokens = phone_.tokens;
  for (int i = 0; i < 2; ++i) {
    tokens = server_.refresh(*tokens.refresh_token).value();
    server_.look(tokens.access_token);
  }
  EXPECT_EQ(error_of(server_.sign_out(phone_.access())).reason, Reason::replaced);
  EXPECT_EQ(error_of(server_.sign_out_everywhere(phone_.access())).reason, Reason::replaced);
  server_.lock(alice_);
  EXPECT_EQ(error_of(server_.sign_out(phone_.access())).worth, Worth::locked);
  EXPECT_EQ(error_of(server_.sign_out_everywhere(phone_.access())).worth, Worth::locked);
  server_.lock(alice_, false);
  EXPECT_TRUE(server_.check(tokens.access_token).active());
}

TEST_P(SignOut, TheOneBeforeEndsItInItsGrace) {
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  server_.look(fresh.access_token);
  EXPECT_TRUE(server_.sign_out(phone_.access()).has_value());
  EXPECT_EQ(server_.check(fresh.access_token).worth, Worth::ended);
}

TEST_P(SignOut, EndsTheSessionsThatTheDeviceHadBefore) {
  const auto second = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  ASSERT_EQ(server_.check(phone_.access()).worth, Worth::soft);
  EXPECT_TRUE(server_.sign_out(second.access()).has_value());
  expect_over(phone_, EndReason::logout);
  expect_over(second, EndReason::logout);
}

TEST_P(SignOut, LeavesOtherDevicesAlone) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  const auto bob = server_.add_user("bob");
  const auto his = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  EXPECT_TRUE(server_.sign_out(phone_.access()).has_value());
  EXPECT_TRUE(server_.check(tablet.access()).active());
  EXPECT_TRUE(server_.check(his.access()).active());
}

TEST_P(SignOut, RefusesWhatNamesNoSession) {
  EXPECT_EQ(error_of(server_.sign_out("syt_x")).reason, Reason::not_ours);
  EXPECT_EQ(error_of(server_.sign_out("lka_x")).reason, Reason::malformed);
  EXPECT_EQ(error_of(server_.sign_out(phone_.refresh())).reason, Reason::wrong_kind);
  EXPECT_EQ(error_of(server_.sign_out_everywhere(phone_.refresh())).reason, Reason::wrong_kind);
  EXPECT_TRUE(server_.check(phone_.access()).active());
}

TEST_P(SignOut, OfALostSessionIsSoft) {
  server_.lose_row(phone_.id());
  EXPECT_EQ(error_of(server_.sign_out(phone_.access())).worth, Worth::soft);
}

TEST_P(SignOut, EverywhereEndsAllOfTheAccount) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  const auto softly = server_.sign_in(alice_, TestSessions::refreshing("WATCH"));
  end_softly(softly.id());
  const auto bob = server_.add_user("bob");
  const auto his = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  server_.look(tablet.access());
  EXPECT_TRUE(server_.sign_out_everywhere(phone_.access()).has_value());
  for (const auto& session : {phone_, tablet, softly}) {
    expect_over(session, EndReason::logout_all);
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL"), 1);
  EXPECT_TRUE(server_.check(his.access()).active());
}

TEST_P(SignOut, EverywhereNeedsAGoodTokenOrALockedAccounts) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.clock.advance(1h);
  EXPECT_EQ(error_of(server_.sign_out_everywhere(phone_.access())).reason, Reason::expired);
  EXPECT_EQ(server_.row(tablet.id()).ended, Ended::live);
  server_.lock(alice_);
  EXPECT_TRUE(server_.sign_out_everywhere(phone_.access()).has_value());
  EXPECT_EQ(server_.row(tablet.id()).ended, Ended::for_good);
}

TEST_P(SignOut, ADeliberateEndOverwritesASoftOneAndNothingOverwritesIt) {
  EXPECT_TRUE(end_softly(phone_.id()));
  EXPECT_FALSE(end_softly(phone_.id())) << "over already";
  server_.clock.advance(1s);
  EXPECT_TRUE(server_.sign_out(phone_.access()).has_value());
  const Record row = server_.row(phone_.id());
  EXPECT_EQ(row.ended, Ended::for_good);
  EXPECT_EQ(row.ended_at, server_.clock.now());
  server_.clock.advance(1s);
  EXPECT_FALSE(end_softly(phone_.id()));
  EXPECT_EQ(end(AllOf{alice_.id}, Ended::for_good, EndReason::account_deactivated), 0U);
  EXPECT_EQ(end_everybody(), 0U);
  EXPECT_EQ(server_.row(phone_.id()).end_reason, EndReason::logout);
  EXPECT_EQ(server_.row(phone_.id()).ended_at, row.ended_at);
}

TEST_P(SignOut, SoftEndsKeepTheDeviceAndComeBackToIt) {
  server_.look(phone_.access());
  EXPECT_TRUE(end_softly(phone_.id()));
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::soft);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).worth, Worth::soft);
  EXPECT_TRUE(has_device("PHONE"));
  const auto again = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_EQ(again.session.record.device, phone_.session.record.device);
}

TEST_P(SignOut, AllSoftlyEndsWhatLivesAndCountsIt) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  const auto bob = server_.add_user("bob");
  const auto his = server_.sign_in(bob);
  server_.sign_out(phone_.access()).value();
  EXPECT_EQ(end(AllOf{alice_.id}, Ended::softly, EndReason::administrator_softly), 1U);
  EXPECT_EQ(server_.check(tablet.access()).worth, Worth::soft);
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
  EXPECT_TRUE(server_.check(his.access()).active());
  EXPECT_EQ(end_everybody(), 1U);
  EXPECT_EQ(server_.check(his.access()).worth, Worth::soft);
}

// Other nodes may remember anybody's token.
TEST_P(SignOut, OfEverybodyIsHeardOnOtherNodes) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "has no other nodes";
  const auto changes = std::make_unique<Changes>();
  const Announcer another(*changes);
  const auto listener = server_.db().listen(
      {.on_message = [&](std::string_view payload) { another.hear(payload); }, .on_reconnect = {}});
  const auto ticket = changes->ticket();
  EXPECT_TRUE(changes->fresh(ticket, phone_.id(), alice_.id));
  EXPECT_EQ(end_everybody(), 1U);
  EXPECT_TRUE(testing::soon([&] { return !changes->fresh(ticket, phone_.id(), alice_.id); }));
}

// A new password: all others are out, softly ended ones of their devices too; this device stays as
// it is, and what a sign-in to it has ended before stays soft.
TEST_P(SignOut, AllButOneSessionAndItsDevice) {
  const auto before = server_.sign_in(alice_, TestSessions::refreshing("LAPTOP"));
  const auto laptop = server_.sign_in(alice_, TestSessions::refreshing("LAPTOP"));
  const auto softly = server_.sign_in(alice_, TestSessions::refreshing("WATCH"));
  end_softly(softly.id());
  const auto bob = server_.add_user("bob");
  const auto his = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  server_.look(phone_.access());
  EXPECT_EQ(end(AllBut{laptop.session}, Ended::for_good, EndReason::password_changed), 2U);
  for (const auto& session : {phone_, softly}) expect_over(session, EndReason::password_changed);
  EXPECT_FALSE(has_device("PHONE"));
  EXPECT_FALSE(has_device("WATCH"));
  EXPECT_TRUE(has_device("LAPTOP"));
  EXPECT_EQ(server_.check(before.access()).worth, Worth::soft);
  EXPECT_TRUE(server_.check(laptop.access()).active());
  EXPECT_TRUE(server_.refresh(laptop.refresh()).has_value());
  EXPECT_TRUE(server_.check(his.access()).active());
}

TEST_P(SignOut, NeedsTheAccountsLock) {
  const auto expect_refused = [this](const auto& which) {
    EXPECT_THROW(server_.db().write_now([&](db::Tx& tx) {
      server_->end(tx, which, Ended::for_good, EndReason::logout);
    }),
                 std::logic_error);
  };
  expect_refused(phone_.session);
  expect_refused(OneDevice{alice_.id, phone_.session.record.device.value()});
  expect_refused(AllOf{alice_.id});
  expect_refused(AllNotHeldAt{alice_.id, BrowserSessionId{7}});
  expect_refused(AllBut{phone_.session});
  EXPECT_TRUE(server_.check(phone_.access()).active());
}

TEST_P(SignOut, EndsNothingOfAnotherAccount) {
  const auto bob = server_.add_user("bob");
  const auto his = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  const DeviceKey device = his.session.record.device.value();
  const Session mixed{his.session.record, alice_};
  const auto for_good = Ended::for_good;
  EXPECT_THROW(end(OneDevice{alice_.id, device}, for_good, EndReason::logout), std::logic_error);
  EXPECT_THROW(end(mixed, for_good, EndReason::logout), std::logic_error);
  EXPECT_THROW(end(AllBut{mixed}, for_good, EndReason::logout), std::logic_error);
  // Nor a device without a session.
  server_.sql("UPDATE sessions SET ended = 2 WHERE id = :id", his.id());
  EXPECT_THROW(end(OneDevice{alice_.id, device}, for_good, EndReason::logout), std::logic_error);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL"), 2);
}

TEST_P(SignOut, ADeviceEndsWithAllThatItEverHad) {
  const auto again = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.look(again.access());
  const OneDevice phone{alice_.id, again.session.record.device.value()};
  EXPECT_EQ(end(phone, Ended::for_good, EndReason::device_deleted), 2U);
  EXPECT_FALSE(server_.remembers(again.access()));
  for (const auto& session : {phone_, again}) expect_over(session, EndReason::device_deleted);
  EXPECT_FALSE(has_device("PHONE"));
  EXPECT_TRUE(server_.check(tablet.access()).active());
  const Time ended_at = server_.row(again.id()).ended_at.value();
  server_.clock.advance(1s);
  EXPECT_EQ(end(phone, Ended::for_good, EndReason::device_deleted), 0U);
  EXPECT_EQ(server_.row(again.id()).ended_at, ended_at) << "once";
  const auto anew = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_NE(anew.session.record.device, again.session.record.device);
  EXPECT_EQ(server_.check(again.access()).worth, Worth::ended);
}

// MSC3741: whom a token leads back to. Which ones do is a table of remembering_test.cc.
TEST_P(SignOut, ASignedOutTokenLeadsNowhereAndAskingChangesNothing) {
  const auto recognised = [&](std::string_view token) {
    const auto account = testing::run(server_->recognise(TestSessions::use(), token));
    return account ? account->localpart : "nobody";
  };
  EXPECT_EQ(recognised(phone_.access()), "alice");
  EXPECT_FALSE(server_.remembers(phone_.access()));
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();
  EXPECT_EQ(recognised(fresh.access_token), "alice");
  EXPECT_EQ(server_.refresh(phone_.refresh())->access_token, fresh.access_token) << "no first use";
  end_softly(phone_.id());
  EXPECT_EQ(recognised(fresh.access_token), "alice");
  for (const std::string& other : {*fresh.refresh_token, std::string("syt_x"), std::string("lka_x"),
                                   fresh.access_token.substr(0, 46) + "!"}) {
    EXPECT_EQ(recognised(other), "nobody");
  }
  EXPECT_TRUE(server_.sign_out(fresh.access_token).has_value());
  EXPECT_EQ(recognised(fresh.access_token), "nobody");
  server_.lose_row(phone_.id());
  EXPECT_EQ(recognised(fresh.access_token), "nobody");
}

TEST_P(SignOut, IsDurableBeforeTheAnswer) {
  EXPECT_TRUE(server_.sign_out(phone_.access()).has_value());
  server_.crash();
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
}

// Many refreshes while somebody signs out: whatever they were answered, it is over.
TEST_P(SignOut, WinsAgainstRefreshesAtTheSameTime) {
  server_.race(3, [this](Use use) -> Task<bool> {
    if (use.worker == 0) {
      co_await server_->sign_out(use, phone_.access());
      co_return true;
    }
    co_return (co_await server_->refresh(use, phone_.refresh())).has_value();
  });
  expect_over(phone_, EndReason::logout);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).worth, Worth::ended);
}

// One signs in to a device that another is just deleting: never a live session on a dead device.
TEST_P(SignOut, AndSignInsAtTheSameTimeLeaveNoLiveSessionOnADeletedDevice) {
  server_.race(3, [this](Use use) -> Task<bool> {
    if (use.worker < 2) {
      co_await server_->sign_out(use, phone_.access());
      co_return true;
    }
    co_await server_.db().write([this](db::Tx& tx) {
      const auto account = lock_account(tx, alice_.id).value();
      return server_->start(tx, account, TestSessions::refreshing("PHONE")).has_value();
    });
    co_return true;
  });
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions s JOIN devices d ON d.id = s.device"
                          " WHERE s.ended < 2 AND d.deleted_at IS NOT NULL"),
            0);
  EXPECT_LE(server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 0"), 1);
}

}  // namespace
}  // namespace latchkey::sessions
