// What people do to their own accounts on its pages.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "domain/self/operations.h"
#include "domain/self/self_testing.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/error_testing.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::Worth;
using sessions::testing::kNoon;
using sessions::testing::run;
using Why = signin::LoginRefused::Why;

class BrowserOperations : public self::testing::SigninOnEachEngine {
 protected:
  BrowserOperations() {
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
  static std::optional<Refused::Why> refused(const Result<T>& result) {
    return result ? std::nullopt : std::optional(error_of(result).why);
  }
  Proof here() const { return proof_of(here_.session); }
  Result<> change(const std::string& current, const std::string& wanted, bool logout_devices) {
    return run(operations_.change_password(here_.session, current, wanted, logout_devices));
  }
  std::string link() {
    return administration_.recovery_link(kOperator, "alice", 24h).value().token;
  }
  Result<signin::BrowserSignedIn> recover(const std::string& link, bool logout_devices = false,
                                          const std::string& wanted = "battery staple") {
    return run(operations_.recover(link, wanted, logout_devices, {"192.0.2.7", "Safari"}));
  }
  std::vector<AccountDevice> devices() {
    return run(overview_.account_devices(here_.session.account.id, here_.session.id));
  }
  std::optional<AccountDevice> device_of(const std::string& id) {
    return run(overview_.account_device(here_.session.account.id, here_.session.id, id));
  }
  std::string display_name() {
    return run(overview_.profile(here_.session.account.id)).display_name;
  }

  signin::BrowserSessions& browsers_ = surface_.browsers;
  Operations& operations_ = surface_.operations;
  Overview& overview_ = surface_.overview;
  signin::SignedIn phone_;
  signin::SignedIn laptop_;
  signin::SignedIn bobs_;
  signin::BrowserSignedIn here_;
};

INSTANTIATE_TEST_SUITE_P(Engines, BrowserOperations, db::engines(), db::engine_name);

TEST_P(BrowserOperations, TheProfile) {
  administration_.add_threepid(kOperator, "alice", "email", "Alice@example.org").value();
  ASSERT_TRUE(run(operations_.set_display_name(here(), "  Alice\x01 L. ")).has_value());
  const auto profile = run(overview_.profile(here_.session.account.id));
  EXPECT_EQ(profile.localpart, "alice");
  EXPECT_EQ(profile.display_name, "Alice L.");
  EXPECT_TRUE(profile.has_password);
  ASSERT_EQ(profile.threepids.size(), 1u);
  EXPECT_EQ(profile.threepids.at(0).address, "alice@example.org");
}

TEST_P(BrowserOperations, NamesAreTextAndShort) {
  const auto named = [&](const std::string& typed) {
    EXPECT_TRUE(run(operations_.set_display_name(here(), typed)).has_value());
    return display_name();
  };
  EXPECT_EQ(named("Alice"), "Alice");
  EXPECT_EQ(named("\xff\xfe"), "Alice");
  EXPECT_EQ(named(std::string("A\0B", 3)), "AB");
  EXPECT_EQ(named(std::string(254, 'x') + "é"), std::string(254, 'x'));
  EXPECT_EQ(named(std::string(254, 'x') + " y"), std::string(254, 'x'));
  EXPECT_EQ(named("   "), "");
}

TEST_P(BrowserOperations, DevicesTellWhatTheyAre) {
  server_.clock.advance(1min);
  const auto again = login("alice", "correct horse", "PHONE").value();
  const auto found = devices();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at(0).id, "PHONE");  // the last used first
  EXPECT_EQ(found.at(0).first_used_at, kNoon);
  EXPECT_EQ(found.at(0).last_used_at, kNoon + 1min);
  EXPECT_FALSE(found.at(0).signed_out_softly);
  EXPECT_EQ(found.at(0).client, "");
  EXPECT_EQ(found.at(1).id, "LAPTOP");
  EXPECT_EQ(found.at(1).last_used_at, kNoon);
  EXPECT_FALSE(device_of("BOBS").has_value());
  EXPECT_EQ(device_of("LAPTOP")->id, "LAPTOP");
}

TEST_P(BrowserOperations, ADeviceWasFirstUsedWhenItWasSignedInTo) {
  server_.clock.advance(2min);
  server_.look(laptop_.tokens.access_token);
  server_->flush_activity();
  EXPECT_EQ(device_of("LAPTOP")->first_used_at, kNoon);
  EXPECT_EQ(device_of("LAPTOP")->last_used_at, kNoon + 2min);
}

TEST_P(BrowserOperations, DevicesThatWaitForTheirPersonAreStillThere) {
  administration_.soft_logout_user(kOperator, "alice").value();
  for (const auto& device : devices()) {
    EXPECT_TRUE(device.signed_out_softly) << device.id;
    EXPECT_FALSE(device.locked) << device.id;
  }
  login("alice", "correct horse", "PHONE").value();
  EXPECT_FALSE(device_of("PHONE")->signed_out_softly);
  EXPECT_TRUE(device_of("LAPTOP")->signed_out_softly);
  administration_.lock(kOperator, "alice").value();
  EXPECT_TRUE(device_of("PHONE")->locked);
}

TEST_P(BrowserOperations, RenamingNeedsNoPassword) {
  server_.clock.advance(1h);
  const auto stale = find(here_.cookie).value();
  ASSERT_TRUE(run(operations_.rename_device(proof_of(stale), "PHONE", " Her phone ")).has_value());
  EXPECT_EQ(device_of("PHONE")->display_name, "Her phone");
  EXPECT_EQ(refused(run(operations_.rename_device(proof_of(stale), "BOBS", "Mine"))),
            Refused::Why::no_such_device);
  EXPECT_EQ(refused(run(operations_.rename_device(proof_of(stale), "NONE", "Mine"))),
            Refused::Why::no_such_device);
}

TEST_P(BrowserOperations, DestroyingNeedsThePasswordOfRecently) {
  server_.clock.advance(5min);
  const auto& who = here_.session;
  EXPECT_EQ(refused(run(operations_.delete_devices(proof_of(who), {"PHONE"}))),
            Refused::Why::not_fresh);
  EXPECT_EQ(refused(run(operations_.sign_out_everywhere(proof_of(who)))), Refused::Why::not_fresh);
  EXPECT_EQ(refused(run(operations_.deactivate(proof_of(who), true))), Refused::Why::not_fresh);
  EXPECT_NE(access(phone_), Worth::ended);
  // The row counts, not what a page has seen: the caller's copy is as old as before.
  const auto again = run(browsers_.reauthenticate(who, "correct horse", "192.0.2.1"));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(run(operations_.delete_devices(proof_of(who), {"PHONE"})), 1U);
  EXPECT_EQ(access(phone_), Worth::ended);
}

// What a page has seen may be over while its form waits for the account.
TEST_P(BrowserOperations, FreshnessIsJudgedOnceTheAccountIsLocked) {
  if (GetParam() == db::Dialect::sqlite) return;  // writes are alone
  const auto user = here_.session.account.id;
  std::optional<Refused::Why> why;
  std::atomic<bool> passed = false;
  std::thread form;
  server_.db().write_now([&](db::Tx& tx) {
    sessions::lock_account(tx, user);
    const Time long_ago = kNoon - 1h;
    tx.run("UPDATE browser_sessions SET authenticated_at = :at WHERE user_id = :user", long_ago,
           user);
    tx.before_commit("~ while the form waits", [&](db::Tx& same) {
      form = std::thread([&] {
        why = refused(run(operations_.delete_devices(proof_of(here_.session), {"PHONE"})));
        passed = true;
      });
      const char* waiting =
          "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()";
      while (!passed && same.one<int>(waiting) == std::tuple(0)) std::this_thread::yield();
      EXPECT_FALSE(passed);
    });
  });
  form.join();
  EXPECT_EQ(why, Refused::Why::not_fresh);
  EXPECT_NE(access(phone_), Worth::ended);
}

TEST_P(BrowserOperations, ABrowserThatWasSignedOutMeanwhileChangesNothing) {
  server_.db().write_now([&](db::Tx& tx) { sign_out_everywhere(tx, here_.session.account.id); });
  const auto& who = here_.session;
  const auto out = Refused::Why::browser_signed_out;
  EXPECT_EQ(refused(run(operations_.set_display_name(proof_of(who), "Mallory"))), out);
  EXPECT_EQ(refused(run(operations_.rename_device(proof_of(who), "PHONE", "Mine"))), out);
  EXPECT_EQ(refused(run(operations_.delete_devices(proof_of(who), {"PHONE"}))), out);
  EXPECT_EQ(refused(run(operations_.sign_out_everywhere(proof_of(who)))), out);
  EXPECT_EQ(refused(run(operations_.deactivate(proof_of(who), false))), out);
  EXPECT_EQ(refused(change("correct horse", "battery staple", true)), out);
  EXPECT_EQ(display_name(), "");
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse", "TABLET").has_value());
}

TEST_P(BrowserOperations, ABrowserPastItsAgeChangesNothing) {
  server_.clock.advance(24h * 365);
  EXPECT_EQ(refused(run(operations_.set_display_name(here(), "Mallory"))),
            Refused::Why::browser_signed_out);
  EXPECT_EQ(display_name(), "");
}

TEST_P(BrowserOperations, AFormThatIsOpenChangesNothingThatTheOperatorHasSwitchedOff) {
  self::testing::Setup setup;
  setup.account = {.password_change = false, .deactivation = false};
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  const auto off = Refused::Why::switched_off;
  EXPECT_EQ(refused(run(surface.operations.deactivate(here(), false))), off);
  EXPECT_EQ(refused(run(surface.operations.change_password(here_.session, "correct horse",
                                                           "battery staple", true))),
            off);
  EXPECT_TRUE(login("alice", "correct horse", "TABLET").has_value());
}

// A device is deleted with its keys: that needs the password, an app's end does not.
TEST_P(BrowserOperations, EndingAnAppEndsNoDevice) {
  const auto phone = server_.look(phone_.tokens.access_token).identity.session.value();
  EXPECT_TRUE(run(operations_.end_app(here(), phone)).has_value());
  EXPECT_EQ(access(phone_), Worth::active);
}

TEST_P(BrowserOperations, WhomABrowserLetInStaysWithItAndItsUnusedTokensGo) {
  const auto token = [&] {
    return run(surface_.login_tokens.make_for_browser(here_.session)).value();
  };
  const auto tablet = run(surface_.sign_in.with_token(0, token(), device("TABLET"))).value();
  const std::string unused = token();
  ASSERT_TRUE(change("correct horse", "battery staple", true).has_value());
  EXPECT_EQ(access(tablet), Worth::active);
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_FALSE(run(surface_.sign_in.with_token(0, unused, device("OTHER"))).has_value());
  administration_.lock(kOperator, "alice").value();
  EXPECT_FALSE(run(surface_.login_tokens.make_for_browser(here_.session)).has_value());
}

TEST_P(BrowserOperations, AProofByAnotherAccountsBrowserIsAFault) {
  BrowserProof proof = proof_of(here_.session);
  proof.user = user("bob")->account.id;
  EXPECT_THROW(std::ignore = run(operations_.deactivate(proof, false)), std::logic_error);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_EQ(access(phone_), Worth::active);
}

TEST_P(BrowserOperations, NeitherDoesOneOfALockedAccount) {
  administration_.lock(kOperator, "alice").value();
  EXPECT_EQ(refused(run(operations_.deactivate(here(), false))), Refused::Why::browser_signed_out);
  EXPECT_FALSE(user("alice")->account.deactivated_at.has_value());
}

TEST_P(BrowserOperations, ADeletedDeviceIsGoneAndNobodyElses) {
  ASSERT_EQ(run(operations_.delete_devices(here(), {"PHONE"})), 1U);
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_EQ(run(operations_.delete_devices(here(), {"PHONE"})), 0U);
  EXPECT_EQ(run(operations_.delete_devices(here(), {"BOBS"})), 0U);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_EQ(devices().size(), 1u);
}

TEST_P(BrowserOperations, SigningEverythingOutKeepsThisBrowserAlone) {
  const auto other = browser("correct horse");
  EXPECT_EQ(run(operations_.sign_out_everywhere(here())).value(), 2u);
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_FALSE(find(other.cookie).has_value());
  EXPECT_EQ(run(operations_.sign_out_everywhere(here())).value(), 0u);
}

TEST_P(BrowserOperations, DeactivationEndsTheBrowserToo) {
  ASSERT_TRUE(run(operations_.set_display_name(here(), "Alice")).has_value());
  ASSERT_TRUE(run(operations_.deactivate(here(), true)).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_FALSE(find(here_.cookie).has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions"), 0);
  EXPECT_EQ(display_name(), "");  // erased
  EXPECT_FALSE(user("alice")->password_hash.has_value());
}

TEST_P(BrowserOperations, ANewPasswordEndsOtherBrowsersAndDevicesIfAsked) {
  const auto other = browser("correct horse");
  ASSERT_TRUE(change("correct horse", "battery staple", false).has_value());
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_FALSE(find(other.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
  ASSERT_TRUE(change("battery staple", "tin whistle gravel", true).has_value());
  EXPECT_TRUE(find(here_.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(bobs_), Worth::active);
  EXPECT_TRUE(login("alice", "tin whistle gravel").has_value());
}

TEST_P(BrowserOperations, ANewPasswordNeedsTheOldOneAndToBeAGoodOne) {
  EXPECT_EQ(refused(change("wrong horse", "battery staple", true)), Refused::Why::wrong_password);
  const auto weak = change("correct horse", "alice", true);
  ASSERT_FALSE(weak.has_value());
  EXPECT_EQ(error_of(weak).why, Refused::Why::weak_password);
  EXPECT_TRUE(error_of(weak).weak.has_value());
  EXPECT_EQ(refused(change("correct horse", "correct horse", true)), Refused::Why::same_password);
  EXPECT_EQ(refused(change("wrong horse", "wrong horse", true)), Refused::Why::wrong_password);
  // Who does not know the old one is not told what is wrong with the new one.
  EXPECT_EQ(refused(change("wrong horse", "alice", true)), Refused::Why::wrong_password);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse", "TABLET").has_value());
}

// Whoever was being checked with the old password while it was changed is checked again.
TEST_P(BrowserOperations, OfChangesAtOnceOneIsMade) {
  const auto results = server_.race(1, [&](const sessions::Use&) {
    return operations_.change_password(here_.session, "correct horse", "battery staple", false);
  });
  std::size_t made = 0;
  for (const auto& result : results) {
    if (result) {
      ++made;
    } else {
      EXPECT_EQ(refused(result), Refused::Why::wrong_password);
    }
  }
  EXPECT_EQ(made, 1u);
}

TEST_P(BrowserOperations, GuessingTheOldOneIsLimited) {
  Result<> last;
  for (int i = 0; i < 100; ++i) {
    last = change("guess", "battery staple", false);
    ASSERT_FALSE(last.has_value());
    if (error_of(last).why == Refused::Why::too_many_failures) break;
  }
  ASSERT_EQ(refused(last), Refused::Why::too_many_failures);
  EXPECT_GT(error_of(last).retry_after, 0ms);
}

TEST_P(BrowserOperations, ARecoveryLinkSetsAPasswordOnce) {
  const std::string token = link();
  EXPECT_EQ(run(operations_.recovery_account(token))->localpart, "alice");
  EXPECT_FALSE(run(operations_.recovery_account(token + "x")).has_value());
  EXPECT_FALSE(run(operations_.recovery_account("")).has_value());
  const auto recovered = recover(token);
  ASSERT_TRUE(recovered.has_value());
  EXPECT_EQ(find(recovered->cookie)->account.localpart, "alice");
  EXPECT_FALSE(find(here_.cookie).has_value());
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
  EXPECT_TRUE(login("alice", "battery staple", "TABLET").has_value());
  EXPECT_EQ(refused(recover(token)), Refused::Why::link_not_valid);
  EXPECT_FALSE(run(operations_.recovery_account(token)).has_value());
}

TEST_P(BrowserOperations, AndSignsTheDevicesOutIfAsked) {
  ASSERT_TRUE(recover(link(), true).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);
}

TEST_P(BrowserOperations, AWeakPasswordDoesNotUseTheLinkUp) {
  const std::string token = link();
  const auto weak = recover(token, false, "alice");
  ASSERT_FALSE(weak.has_value());
  EXPECT_EQ(error_of(weak).why, Refused::Why::weak_password);
  EXPECT_TRUE(recover(token).has_value());
}

TEST_P(BrowserOperations, ALinkIsReplacedByTheNextAndDiesWithThePassword) {
  const std::string first = link();
  const std::string second = link();
  EXPECT_EQ(refused(recover(first)), Refused::Why::link_not_valid);
  EXPECT_TRUE(run(operations_.recovery_account(second)).has_value());
  ASSERT_TRUE(change("correct horse", "tin whistle gravel", false).has_value());
  EXPECT_EQ(refused(recover(second)), Refused::Why::link_not_valid);
  const std::string third = link();
  administration_.deactivate(kOperator, "alice", false).value();
  administration_.reactivate(kOperator, "alice").value();
  EXPECT_EQ(refused(recover(third)), Refused::Why::link_not_valid);
}

TEST_P(BrowserOperations, ALinkExpiresAndAClockSetBackProlongsNothing) {
  const std::string token = link();
  server_.clock.advance(-1h);
  EXPECT_FALSE(run(operations_.recovery_account(token)).has_value());
  server_.clock.advance(25h - 1ms);
  EXPECT_TRUE(run(operations_.recovery_account(token)).has_value());
  operations_.purge();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM recovery_links"), 1);
  server_.clock.advance(1ms);
  EXPECT_EQ(refused(recover(token)), Refused::Why::link_not_valid);
  operations_.purge();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM recovery_links"), 0);
}

TEST_P(BrowserOperations, ALinkWaitsWhileTheAccountIsLocked) {
  const std::string token = link();
  administration_.lock(kOperator, "alice").value();
  EXPECT_FALSE(administration_.recovery_link(kOperator, "alice", 24h).has_value());
  EXPECT_FALSE(run(operations_.recovery_account(token)).has_value()) << "nor does its page ask";
  EXPECT_EQ(refused(recover(token)), Refused::Why::link_not_valid);
  administration_.unlock(kOperator, "alice").value();
  EXPECT_TRUE(recover(token).has_value());
}

TEST_P(BrowserOperations, OfTwoThatUseALinkAtOnceOneDoes) {
  const std::string token = link();
  const auto results = server_.race(2, [&](const sessions::Use&) {
    return operations_.recover(token, "battery staple", false, {"192.0.2.7", "Safari"});
  });
  std::size_t recovered = 0;
  for (const auto& result : results) {
    if (result) {
      ++recovered;
    } else {
      EXPECT_EQ(refused(result), Refused::Why::link_not_valid);
    }
  }
  EXPECT_EQ(recovered, 1u);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM browser_sessions"), 1);
}

TEST_P(BrowserOperations, LinksAreAuditedAndNeitherKeptNorLogged) {
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
