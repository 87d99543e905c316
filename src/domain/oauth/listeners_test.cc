#include "domain/oauth/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::oauth {
namespace {

using sessions::testing::kNoon;
using ::testing::ElementsAre;

constexpr BrowserSessionId kKept{1};
constexpr BrowserSessionId kOther{2};

class OauthListeners : public sessions::testing::OnEachEngine {
 protected:
  using Names = std::vector<std::string>;

  OauthListeners() {
    listen(server_.events);
    const UserId user = server_.add_user("alice").id;
    const auto add = [&](const char* name, BrowserSessionId browser, std::optional<int> session) {
      server_.sql(
          "INSERT INTO authorization_codes (hash, client, user_id, browser_session, redirect_uri,"
          " scope, code_challenge, authenticated_at, expires_at, session) VALUES (:name, 'app',"
          " :user, :browser, '', '', '', :now, :now, :session)",
          name, user, browser, kNoon, session);
      server_.sql(
          "INSERT INTO device_grants (hash, user_code, client, scope, created_at, expires_at,"
          " decision, user_id, browser_session, session) VALUES (:name, :name, 'tv', '', :now,"
          " :now, 1, :user, :browser, :session)",
          name, kNoon, user, browser, session);
    };
    add("kept", kKept, std::nullopt);
    add("kept, taken", kKept, 7);
    add("other", kOther, std::nullopt);
    user_ = user;
  }

  template <class Event>
  void tell(const Event& event) {
    server_.db().write_now([&](db::Tx& tx) { server_.events.tell(tx, event); });
  }
  Names names(const std::string& sql) {
    return server_.db().read_now([&](db::Tx& tx) {
      Names all;
      tx.each<std::string>(sql + " ORDER BY hash", [&](std::string& one) { all.push_back(one); });
      return all;
    });
  }
  Names codes() { return names("SELECT hash FROM authorization_codes"); }
  Names denied() { return names("SELECT hash FROM device_grants WHERE decision = 2"); }

  UserId user_{};
};

INSTANTIATE_TEST_SUITE_P(Engines, OauthListeners, db::engines(), db::engine_name);

TEST_P(OauthListeners, ABrowserThatIsKeptHasGivenNothing) {
  tell(events::PasswordReplaced{user_, events::PasswordChange::by_its_person, kKept});
  EXPECT_THAT(codes(), ElementsAre("kept, taken", "other"));
  EXPECT_THAT(denied(), ElementsAre("kept"));
}

TEST_P(OauthListeners, AlsoWhenThePersonSignsOutEverywhereElse) {
  tell(events::SignedOutEverywhere{user_, EndReason::logout_all, kKept});
  EXPECT_THAT(codes(), ElementsAre("kept, taken", "other"));
  EXPECT_THAT(denied(), ElementsAre("kept"));
}

// Those of a browser that ends are looked for when they are redeemed.
TEST_P(OauthListeners, WithoutAKeptBrowserNothingIsToBeDone) {
  tell(events::SignedOutEverywhere{user_, EndReason::logout_all, std::nullopt});
  EXPECT_THAT(codes(), ElementsAre("kept", "kept, taken", "other"));
  EXPECT_TRUE(denied().empty());
}

}  // namespace
}  // namespace latchkey::oauth
