// The device authorization grant: who may decide, who gets the session, and for how long.
#include "domain/oauth/device_grants.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "domain/oauth/oauth_testing.h"
#include "domain/oauth/user_code.h"
#include "domain/sessions/session_rows.h"
#include "platform/error_testing.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::Worth;
using sessions::testing::run;
using Why = GrantRefused::Why;

class DeviceGrantsTest : public testing::GrantsOnEachEngine {
 protected:
  DeviceAuthorization begin(const clients::Client& client, const std::string& scope = kMatrix) {
    return run(grants_.begin(client, read_scope(scope).value(), origin_));
  }
  DeviceAuthorization begin(const std::string& scope = kMatrix) { return begin(*app_, scope); }
  static std::string typed(const DeviceAuthorization& begun) {
    return read_user_code(begun.user_code).value();
  }
  bool decide(const DeviceAuthorization& begun, bool allow = true) {
    return run(grants_.decide(browser_, typed(begun), allow));
  }
  std::expected<Granted, GrantRefused> poll(const clients::Client& client,
                                            const std::string& code) {
    return run(grants_.poll(0, client, code, origin_));
  }
  std::expected<Granted, GrantRefused> poll(const DeviceAuthorization& begun) {
    return poll(*app_, begun.device_code);
  }
  // Why it is refused; absent: it is not.
  std::optional<Why> refusal(const DeviceAuthorization& begun) {
    const auto answer = poll(begun);
    return answer ? std::nullopt : std::optional(error_of(answer).why);
  }

  DeviceGrants grants_{server_.ground(), *server_, clients_};
};

INSTANTIATE_TEST_SUITE_P(Engines, DeviceGrantsTest, db::engines(), db::engine_name);

TEST_P(DeviceGrantsTest, GiveTheSessionOnceThePersonHasSaidYes) {
  const auto begun = begin();
  EXPECT_EQ(refusal(begun), Why::authorization_pending);
  const auto found = run(grants_.find(typed(begun)));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->client->id, "app");
  EXPECT_EQ(found->origin.address, origin_.address);
  ASSERT_TRUE(decide(begun));
  server_.clock.advance(5s);
  const auto granted = poll(begun);
  ASSERT_TRUE(granted.has_value());
  EXPECT_EQ(standing(*granted).worth, Worth::active);
  EXPECT_EQ(granted->account.localpart, "alice");
  EXPECT_EQ(granted->authenticated.at, browser_.authenticated.at);
}

TEST_P(DeviceGrantsTest, AreDecidedOnce) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun, false));
  EXPECT_FALSE(decide(begun));
  EXPECT_FALSE(run(grants_.find(typed(begun))).has_value());
  EXPECT_EQ(refusal(begun), Why::access_denied);
}

TEST_P(DeviceGrantsTest, TellADeviceThatAsksTooOftenToSlowDown) {
  const auto begun = begin();
  EXPECT_EQ(refusal(begun), Why::authorization_pending);
  EXPECT_EQ(refusal(begun), Why::slow_down);
}

TEST_P(DeviceGrantsTest, AreNeitherFoundNorDecidedNorAnsweredPastTheirEnd) {
  const auto undecided = begin();
  const auto allowed = begin();
  ASSERT_TRUE(decide(allowed));
  server_.clock.advance(15min);
  EXPECT_FALSE(run(grants_.find(typed(undecided))).has_value());
  EXPECT_FALSE(decide(undecided));
  EXPECT_EQ(refusal(undecided), Why::expired_token);
  EXPECT_EQ(refusal(allowed), Why::expired_token);
}

TEST_P(DeviceGrantsTest, AreGoodToTheirLastMoment) {
  const auto begun = begin();
  server_.clock.advance(15min - 1ms);
  ASSERT_TRUE(decide(begun));
  EXPECT_FALSE(refusal(begun).has_value());
}

TEST_P(DeviceGrantsTest, AreNotProlongedByAClockThatIsSetBack) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  server_.clock.advance(-10min);
  EXPECT_EQ(refusal(begun), Why::expired_token);
}

TEST_P(DeviceGrantsTest, AreGoodForTheirClientAlone) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  const auto stolen = poll(*other_, begun.device_code);
  ASSERT_FALSE(stolen.has_value());
  EXPECT_EQ(error_of(stolen).why, Why::invalid_grant);
  EXPECT_FALSE(poll(*app_, begun.device_code + "x").has_value());
  EXPECT_FALSE(refusal(begun).has_value());
}

TEST_P(DeviceGrantsTest, AnswerALostReplyAgainForAMinute) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  const auto first = poll(begun);
  ASSERT_TRUE(first.has_value());
  server_.clock.advance(1min - 1ms);
  const auto again = poll(begun);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->session, first->session);
  EXPECT_EQ(again->tokens.access_token, first->tokens.access_token);
  server_.clock.advance(1ms);
  EXPECT_EQ(refusal(begun), Why::invalid_grant);
  EXPECT_EQ(standing(*first).worth, Worth::active) << "asking too late ends nothing";
}

TEST_P(DeviceGrantsTest, DoNotGiveASessionBackThatIsOver) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  const auto granted = poll(begun);
  ASSERT_TRUE(granted.has_value());
  ASSERT_TRUE(server_.sign_out(granted->tokens.access_token).has_value());
  EXPECT_EQ(refusal(begun), Why::invalid_grant);
}

TEST_P(DeviceGrantsTest, DoNotGiveASessionBackThatHasRefreshed) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  const auto granted = poll(begun);
  ASSERT_TRUE(granted.has_value());
  ASSERT_TRUE(run(server_->refresh(sessions::testing::TestSessions::use(),
                                   granted->tokens.refresh_token.value(), "app"))
                  .has_value());
  EXPECT_EQ(refusal(begun), Why::invalid_grant);
}

TEST_P(DeviceGrantsTest, AreNothingWithoutTheBrowserThatAllowedThem) {
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  sign_out_browser();
  EXPECT_EQ(refusal(begun), Why::access_denied);
  EXPECT_FALSE(decide(begin()));
}

// Somebody sets a new password, which takes back what the old one has allowed, when the device has
// read already that it may come in.
TEST_P(DeviceGrantsTest, AreTakenBackWhileTheDeviceAsks) {
  if (GetParam() == db::Dialect::sqlite) return;  // writes are alone
  const auto begun = begin();
  ASSERT_TRUE(decide(begun));
  std::optional<Why> why;
  std::atomic<bool> passed = false;
  std::thread device;
  server_.db().write_now([&](db::Tx& tx) {
    sessions::lock_account(tx, browser_.account.id);
    deny_grants_of(tx, browser_.id);
    tx.before_commit("~ while the device asks", [&](db::Tx& same) {
      device = std::thread([&] {
        why = refusal(begun);
        passed = true;
      });
      const char* waiting =
          "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()";
      while (!passed && same.one<int>(waiting) == std::tuple(0)) std::this_thread::yield();
      EXPECT_FALSE(passed);
    });
  });
  device.join();
  EXPECT_EQ(why, Why::access_denied);
}

TEST_P(DeviceGrantsTest, AreNotAllowedByALockedAccountNorGivenToOne) {
  const auto allowed = begin();
  ASSERT_TRUE(decide(allowed));
  administration_.lock(kOperator, "alice").value();
  EXPECT_TRUE(refusal(allowed).has_value());
  EXPECT_FALSE(decide(begin()));
}

TEST_P(DeviceGrantsTest, OfferAdministrationToAdministratorsAlone) {
  const std::string scope = std::string(kMatrix) + " urn:synapse:admin:*";
  const auto modest = begin(scope);
  ASSERT_TRUE(decide(modest));
  const auto granted = poll(modest);
  ASSERT_TRUE(granted.has_value());
  EXPECT_FALSE(granted->scope.admin);
  set_administrator(true);
  const auto powerful = begin(scope);
  ASSERT_TRUE(decide(powerful));
  const auto all = poll(powerful);
  ASSERT_TRUE(all.has_value());
  EXPECT_TRUE(all->scope.admin);
}

TEST_P(DeviceGrantsTest, KeepTheirClientFromBeingClearedAwayAsUnused) {
  const auto client = registered();
  const auto begun = begin(*client);
  ASSERT_TRUE(decide(begun));
  ASSERT_TRUE(poll(*client, begun.device_code).has_value());
  EXPECT_EQ(registered_and_used_now(), 1);
}

TEST_P(DeviceGrantsTest, AreClearedAwayAMinuteAfterTheirEnd) {
  begin();
  const auto rows = [this] { return server_.count("SELECT COUNT(*) FROM device_grants"); };
  server_.clock.advance(16min - 1ms);
  grants_.purge();
  EXPECT_EQ(rows(), 1);
  server_.clock.advance(1ms);
  grants_.purge();
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace latchkey::oauth
