// What people do to their own accounts on its pages.
#include "domain/self/web_account.h"

#include <gtest/gtest.h>

#include "domain/self/self_testing.h"
#include "domain/signin/browser_session_rows.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::Worth;
using sessions::testing::kNoon;
using sessions::testing::run;
using Why = signin::LoginRefused::Why;

class WebAccountTest : public self::testing::SigninOnEachEngine {
 protected:
  WebAccountTest() {
    administration_.create_user(kOperator, "alice", "correct horse", false).value();
    administration_.create_user(kOperator, "bob", "correct horse", false).value();
    phone_ = login("alice", "correct horse", "PHONE").value();
    laptop_ = login("alice", "correct horse", "LAPTOP").value();
    bobs_ = login("bob", "correct horse", "BOBS").value();
    here_ = browser("correct horse");
  }

  signin::BrowserSignedIn browser(const std::string& password) {
    return run(browsers_.sign_in(signin::UserName{"alice"}, password, {"192.0.2.1", "Firefox"}, ""))
        .value();
  }
  std::optional<signin::BrowserSession> find(const std::string& cookie) {
    return run(browsers_.find(cookie, {"192.0.2.1", "Firefox"}));
  }
  Worth access(const signin::SignedIn& of) { return server_.check(of.tokens.access_token).worth; }
  template <class T>
  static std::optional<WebRefused> refused(const WebResult<T>& result) {
    if (result) return std::nullopt;
    const auto* why = std::get_if<WebRefused>(&result.error().why);
    return why ? std::optional(*why) : std::nullopt;
  }
  WebResult<> change(const std::string& current, const std::string& wanted, bool logout_devices) {
    return run(account_.change_password(here_.session, current, wanted, logout_devices));
  }
  std::string link() {
    return administration_.recovery_link(kOperator, "alice", 24h).value().token;
  }
  WebResult<signin::BrowserSignedIn> recover(const std::string& link, bool logout_devices = false,
                                             const std::string& wanted = "battery staple") {
    return run(account_.recover(link, wanted, logout_devices, {"192.0.2.7", "Safari"}));
  }
  std::string display_name() { return run(account_.profile(here_.session)).display_name; }

  signin::BrowserSessions& browsers_ = surface_.browsers;
  WebAccount& account_ = surface_.web_account;
  signin::SignedIn phone_;
  signin::SignedIn laptop_;
  signin::SignedIn bobs_;
  signin::BrowserSignedIn here_;
};

INSTANTIATE_TEST_SUITE_P(Engines, WebAccountTest, db::engines(), db::engine_name);

TEST_P(WebAccountTest, TheProfile) {
  administration_.add_threepid(kOperator, "alice", "email", "Alice@example.org").value();
  ASSERT_TRUE(run(account_.set_display_name(here_.session, "  Alice\x01 L. ")).has_value());
  const auto profile = run(account_.profile(here_.session));
  EXPECT_EQ(profile.localpart, "alice");
  EXPECT_EQ(profile.display_name, "Alice L.");
  EXPECT_TRUE(profile.has_password);
  ASSERT_EQ(profile.threepids.size(), 1u);
  EXPECT_EQ(profile.threepids.at(0).address, "alice@example.org");
}

TEST_P(WebAccountTest, NamesAreTextAndShort) {
  const auto named = [&](const std::string& typed) {
    EXPECT_TRUE(run(account_.set_display_name(here_.session, typed)).has_value());
    return display_name();
  };
  EXPECT_EQ(named("Alice"), "Alice");
  EXPECT_EQ(named("\xff\xfe"), "Alice");
  EXPECT_EQ(named(std::string("A\0B", 3)), "AB");
  EXPECT_EQ(named(std::string(254, 'x') + "é"), std::string(254, 'x'));
  EXPECT_EQ(named(std::string(254, 'x') + " y"), std::string(254, 'x'));
  EXPECT_EQ(named("   "), "");
}

TEST_P(WebAccountTest, DevicesTellWhatTheyAre) {
  server_.clock.advance(1min);
  const auto again = login("alice", "correct horse", "PHONE").value();
  const auto devices = run(account_.devices(here_.session));
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices.at(0).id, "PHONE");  // the last used first
  EXPECT_EQ(devices.at(0).first_used_at, kNoon);
  EXPECT_EQ(devices.at(0).last_used_at, kNoon + 1min);
  EXPECT_FALSE(devices.at(0).signed_out_softly);
  EXPECT_EQ(devices.at(0).client, "");
  EXPECT_EQ(devices.at(1).id, "LAPTOP");
  EXPECT_EQ(devices.at(1).last_used_at, kNoon);
  EXPECT_FALSE(run(account_.device(here_.session, "BOBS")).has_value());
  EXPECT_EQ(run(account_.device(here_.session, "LAPTOP"))->id, "LAPTOP");
}

TEST_P(WebAccountTest, DevicesThatWaitForTheirPersonAreStillThere) {
  administration_.soft_logout_user(kOperator, "alice").value();
  for (const auto& device : run(account_.devices(here_.session))) {
    EXPECT_TRUE(device.signed_out_softly) << device.id;
    EXPECT_FALSE(device.locked) << device.id;
  }
  login("alice", "correct horse", "PHONE").value();
  EXPECT_FALSE(run(account_.device(here_.session, "PHONE"))->signed_out_softly);
  EXPECT_TRUE(run(account_.device(here_.session, "LAPTOP"))->signed_out_softly);
  administration_.lock(kOperator, "alice").value();
  EXPECT_TRUE(run(account_.device(here_.session, "PHONE"))->locked);
}

TEST_P(WebAccountTest, RenamingNeedsNoPassword) {
  server_.clock.advance(1h);
  const auto stale = find(here_.cookie).value();
  ASSERT_TRUE(run(account_.rename_device(stale, "PHONE", " Her phone ")).has_value());
  EXPECT_EQ(run(account_.device(stale, "PHONE"))->display_name, "Her phone");
  EXPECT_EQ(refused(run(account_.rename_device(stale, "BOBS", "Mine"))),
            WebRefused::no_such_device);
  EXPECT_EQ(refused(run(account_.rename_device(stale, "NONE", "Mine"))),
            WebRefused::no_such_device);
}

TEST_P(WebAccountTest, DestroyingNeedsThePasswordOfRecently) {
  server_.clock.advance(5min);
  const auto& who = here_.session;
  EXPECT_EQ(refused(run(account_.delete_device(who, "PHONE"))), WebRefused::not_fresh);
  EXPECT_EQ(refused(run(account_.sign_out_everything(who))), WebRefused::not_fresh);
  EXPECT_EQ(refused(run(account_.deactivate(who, true))), WebRefused::not_fresh);
  EXPECT_NE(access(phone_), Worth::ended);
  // The row counts, not what a page has seen: the caller's copy is as old as before.
  const auto again = run(browsers_.reauthenticate(who, "correct horse", "192.0.2.1"));
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(run(account_.delete_device(who, "PHONE")).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
}

TEST_P(WebAccountTest, ABrowserThatWasSignedOutMeanwhileChangesNothing) {
  server_.db().write_now([&](db::Tx& tx) { sign_out_everywhere(tx, here_.session.account.id); });
  const auto& who = here_.session;
  const auto out = WebRefused::signed_out;
  EXPECT_EQ(refused(run(account_.set_display_name(who, "Mallory"))), out);
  EXPECT_EQ(refused(run(account_.rename_device(who, "PHONE", "Mine"))), out);
  EXPECT_EQ(refused(run(account_.delete_device(who, "PHONE"))), out);
  EXPECT_EQ(refused(run(account_.sign_out_everything(who))), out);
  EXPECT_EQ(refused(run(account_.deactivate(who, false))), out);
  EXPECT_EQ(refused(change("correct horse", "battery staple", true)), out);
  EXPECT_EQ(display_name(), "");
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse", "TABLET").has_value());
}

TEST_P(WebAccountTest, NeitherDoesOneOfALockedAccount) {
  administration_.lock(kOperator, "alice").value();
  EXPECT_EQ(refused(run(account_.deactivate(here_.session, false))), WebRefused::signed_out);
  EXPECT_FALSE(user("alice")->account.deactivated_at.has_value());
}

TEST_P(WebAccountTest, ADeletedDeviceIsGoneAndNobodyElses) {
  ASSERT_TRUE(run(account_.delete_device(here_.session, "PHONE")).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_EQ(refused(run(account_.delete_device(here_.session, "PHONE"))),
            WebRefused::no_such_device);
  EXPECT_EQ(refused(run(account_.delete_device(here_.session, "BOBS"))),
            WebRefused::no_such_device);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_EQ(run(account_.devices(here_.session)).size(), 1u);
}

TEST_P(WebAccountTest, SigningEverythingOutKeepsThisBrowserAlone) {
  const auto other = browser("correct horse");
  EXPECT_EQ(run(account_.sign_out_everything(here_.session)).value(), 2u);
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_FALSE(find(other.cookie).has_value());
  EXPECT_EQ(run(account_.sign_out_everything(here_.session)).value(), 0u);
}

TEST_P(WebAccountTest, DeactivationEndsTheBrowserToo) {
  ASSERT_TRUE(run(account_.set_display_name(here_.session, "Alice")).has_value());
  ASSERT_TRUE(run(account_.deactivate(here_.session, true)).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_FALSE(find(here_.cookie).has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions"), 0);
  EXPECT_EQ(display_name(), "");  // erased
  EXPECT_FALSE(user("alice")->password_hash.has_value());
}

TEST_P(WebAccountTest, ANewPasswordEndsOtherBrowsersAndDevicesIfAsked) {
  const auto other = browser("correct horse");
  ASSERT_TRUE(change("correct horse", "battery staple", false).has_value());
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_FALSE(find(other.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::wrong_credentials);
  ASSERT_TRUE(change("battery staple", "tin whistle gravel", true).has_value());
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_TRUE(login("alice", "tin whistle gravel").has_value());
}

TEST_P(WebAccountTest, ANewPasswordNeedsTheOldOneAndToBeAGoodOne) {
  EXPECT_EQ(refused(change("wrong horse", "battery staple", true)), WebRefused::wrong_password);
  const auto weak = change("correct horse", "alice", true);
  ASSERT_FALSE(weak.has_value());
  EXPECT_EQ(std::get<accounts::NewPasswordRefused>(weak.error().why).why,
            accounts::NewPasswordRefused::Why::weak);
  // Who does not know the old one is not told what is wrong with the new one.
  EXPECT_EQ(refused(change("wrong horse", "alice", true)), WebRefused::wrong_password);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse", "TABLET").has_value());
}

// Whoever was being checked with the old password while it was changed is checked again.
TEST_P(WebAccountTest, OfChangesAtOnceOneIsMade) {
  const auto results = server_.race(1, [&](const sessions::Use&) {
    return account_.change_password(here_.session, "correct horse", "battery staple", false);
  });
  std::size_t made = 0;
  for (const auto& result : results) {
    if (result) {
      ++made;
    } else {
      EXPECT_EQ(refused(result), WebRefused::wrong_password);
    }
  }
  EXPECT_EQ(made, 1u);
}

TEST_P(WebAccountTest, GuessingTheOldOneIsLimited) {
  WebResult<> last;
  for (int i = 0; i < 100; ++i) {
    last = change("guess", "battery staple", false);
    ASSERT_FALSE(last.has_value());
    if (std::holds_alternative<WebBlocked>(last.error().why)) break;
  }
  ASSERT_TRUE(std::holds_alternative<WebBlocked>(last.error().why));
  EXPECT_GT(std::get<WebBlocked>(last.error().why).retry_after, 0ms);
}

TEST_P(WebAccountTest, ARecoveryLinkSetsAPasswordOnce) {
  const std::string token = link();
  EXPECT_EQ(run(account_.recovery_account(token))->localpart, "alice");
  EXPECT_FALSE(run(account_.recovery_account(token + "x")).has_value());
  EXPECT_FALSE(run(account_.recovery_account("")).has_value());
  const auto recovered = recover(token);
  ASSERT_TRUE(recovered.has_value());
  EXPECT_EQ(find(recovered->cookie)->account.localpart, "alice");
  EXPECT_FALSE(find(here_.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::wrong_credentials);
  EXPECT_TRUE(login("alice", "battery staple", "TABLET").has_value());
  EXPECT_EQ(refused(recover(token)), WebRefused::no_longer_valid);
  EXPECT_FALSE(run(account_.recovery_account(token)).has_value());
}

TEST_P(WebAccountTest, AndSignsTheDevicesOutIfAsked) {
  ASSERT_TRUE(recover(link(), true).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
}

TEST_P(WebAccountTest, AWeakPasswordDoesNotUseTheLinkUp) {
  const std::string token = link();
  const auto weak = recover(token, false, "alice");
  ASSERT_FALSE(weak.has_value());
  EXPECT_TRUE(std::holds_alternative<accounts::NewPasswordRefused>(weak.error().why));
  EXPECT_TRUE(recover(token).has_value());
}

TEST_P(WebAccountTest, ALinkIsReplacedByTheNextAndDiesWithThePassword) {
  const std::string first = link();
  const std::string second = link();
  EXPECT_EQ(refused(recover(first)), WebRefused::no_longer_valid);
  EXPECT_TRUE(run(account_.recovery_account(second)).has_value());
  ASSERT_TRUE(change("correct horse", "tin whistle gravel", false).has_value());
  EXPECT_EQ(refused(recover(second)), WebRefused::no_longer_valid);
  const std::string third = link();
  administration_.deactivate(kOperator, "alice", false).value();
  administration_.reactivate(kOperator, "alice").value();
  EXPECT_EQ(refused(recover(third)), WebRefused::no_longer_valid);
}

TEST_P(WebAccountTest, ALinkExpiresAndAClockSetBackProlongsNothing) {
  const std::string token = link();
  server_.clock.advance(-1h);
  EXPECT_FALSE(run(account_.recovery_account(token)).has_value());
  server_.clock.advance(25h - 1ms);
  EXPECT_TRUE(run(account_.recovery_account(token)).has_value());
  account_.purge();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM recovery_links"), 1);
  server_.clock.advance(1ms);
  EXPECT_EQ(refused(recover(token)), WebRefused::no_longer_valid);
  account_.purge();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM recovery_links"), 0);
}

TEST_P(WebAccountTest, ALinkWaitsWhileTheAccountIsLocked) {
  const std::string token = link();
  administration_.lock(kOperator, "alice").value();
  EXPECT_FALSE(administration_.recovery_link(kOperator, "alice", 24h).has_value());
  EXPECT_EQ(refused(recover(token)), WebRefused::no_longer_valid);
  administration_.unlock(kOperator, "alice").value();
  EXPECT_TRUE(recover(token).has_value());
}

TEST_P(WebAccountTest, OfTwoThatUseALinkAtOnceOneDoes) {
  const std::string token = link();
  const auto results = server_.race(2, [&](const sessions::Use&) {
    return account_.recover(token, "battery staple", false, {"192.0.2.7", "Safari"});
  });
  std::size_t recovered = 0;
  for (const auto& result : results) {
    if (result) {
      ++recovered;
    } else {
      EXPECT_EQ(refused(result), WebRefused::no_longer_valid);
    }
  }
  EXPECT_EQ(recovered, 1u);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions"), 1);
}

TEST_P(WebAccountTest, LinksAreAuditedAndNeitherKeptNorLogged) {
  server_.clock.advance(1s);  // the order of what happens in one millisecond is not kept
  const std::string token = link();
  const auto entries = administration_.list_audit("alice", 1).value();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.at(0).action, "user recovery-link");
  EXPECT_EQ(entries.at(0).detail.find(token), std::string::npos);
  for (const std::string& line : administration_log_) {
    EXPECT_EQ(line.find(token), std::string::npos);
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM recovery_links WHERE hash = :token", token), 0);
  EXPECT_FALSE(administration_.recovery_link(kOperator, "nobody", 24h).has_value());
}

}  // namespace
}  // namespace latchkey::self
