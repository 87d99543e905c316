// Sign-in with a password.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::signin {
namespace {

using namespace std::chrono_literals;
using sessions::testing::run;
using sessions::testing::TestSessions;
using ::testing::StartsWith;
using Why = LoginRefused::Why;

class PasswordLoginTest : public self::testing::SigninOnEachEngine {
 protected:
  using Result = SignIn::Result;

  PasswordLoginTest() {
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
  }

  static self::testing::Setup unlimited() { return {.limits = {.enabled = false}}; }
  static self::testing::Setup strict() {
    self::testing::Setup setup;
    setup.limits.failures = 3;
    return setup;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, PasswordLoginTest, db::engines(), db::engine_name);

TEST_P(PasswordLoginTest, SignsInToTheDeviceThatIsNamed) {
  for (const auto* name : {"alice", "Alice", "@alice:example.com"}) {
    const auto signed_in = login(name, "correct horse");
    ASSERT_TRUE(signed_in.has_value()) << name;
    EXPECT_EQ(signed_in->localpart, "alice");
    EXPECT_EQ(signed_in->device_id, "PHONE");
    EXPECT_THAT(signed_in->tokens.access_token, StartsWith("lka_"));
    EXPECT_TRUE(signed_in->tokens.refresh_token.has_value());
    EXPECT_TRUE(server_.check(signed_in->tokens.access_token).active());
  }
}

TEST_P(PasswordLoginTest, WithoutRefreshTokensThereIsNone) {
  auto wanted = device("PHONE");
  wanted.refreshes = false;
  const auto signed_in =
      run(surface_.sign_in.with_password(0, UserName{"alice"}, "correct horse", wanted));
  ASSERT_TRUE(signed_in.has_value());
  EXPECT_EQ(signed_in->tokens.refresh_token, std::nullopt);
  EXPECT_EQ(signed_in->tokens.expires_in, std::nullopt);
}

// Who does not know the password learns nothing of the account.
TEST_P(PasswordLoginTest, WithAWrongPasswordAllAccountsLookAlike) {
  administration_.create_user(accounts::testing::kOperator, "locked", "correct horse", false)
      .value();
  administration_.lock(accounts::testing::kOperator, "locked").value();
  administration_.create_user(accounts::testing::kOperator, "gone", "correct horse", false).value();
  administration_.deactivate(accounts::testing::kOperator, "gone", false).value();
  server_.sql("INSERT INTO users (id, localpart, created_at) VALUES (7, 'without-password', 1)");
  self::testing::Surface surface{server_.ground(), *server_, passwords_, unlimited()};
  for (const auto* name : {"alice", "locked", "gone", "without-password", "nobody", "",
                           "@alice:other.example", "not a name!"}) {
    for (const auto* password : {"wrong horse", ""}) {
      const auto refused = login(surface, name, password);
      ASSERT_FALSE(refused.has_value()) << name;
      EXPECT_EQ(error_of(refused).why, Why::wrong_credentials) << name;
    }
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(PasswordLoginTest, WithTheRightPasswordTheStateOfTheAccountIsTold) {
  administration_.lock(accounts::testing::kOperator, "alice").value();
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::account_locked);
  administration_.unlock(accounts::testing::kOperator, "alice").value();
  administration_.deactivate(accounts::testing::kOperator, "alice", false).value();
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::account_deactivated);
  EXPECT_EQ(error_of(login("alice", "wrong horse")).why, Why::wrong_credentials);
  administration_.deactivate(accounts::testing::kOperator, "alice", true).value();
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(PasswordLoginTest, IsRefusedAtTheLimitOfDevices) {
  auto policy = sessions::testing::sample_policy();
  policy.maximum_per_user = 1;
  server_.crash_and_take(policy);
  self::testing::Surface surface{server_.ground(), *server_, passwords_};
  EXPECT_TRUE(login(surface, "alice", "correct horse").has_value());
  const auto refused = login(surface, "alice", "correct horse", "TABLET");
  EXPECT_EQ(error_of(refused).why, Why::too_many_devices);
}

TEST_P(PasswordLoginTest, FailuresAreLimitedAndSuccessesAreNot) {
  self::testing::Surface surface{server_.ground(), *server_, passwords_, strict()};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(login(surface, "alice", "correct horse").has_value());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(error_of(login(surface, "alice", "wrong horse")).why, Why::wrong_credentials);
  }
  const auto refused = login(surface, "alice", "correct horse");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, Why::too_many_failures);
  EXPECT_EQ(error_of(refused).retry_after, 5s);
  EXPECT_EQ(error_of(login(surface, "@alice:example.com", "correct horse")).why,
            Why::too_many_failures);
  server_.clock.advance(5s);
  EXPECT_TRUE(login(surface, "alice", "correct horse").has_value());
}

// Else each spelling of a name would be a few tries more.
TEST_P(PasswordLoginTest, ANameThatNobodyHasIsOneHoweverItIsSpelled) {
  const auto limited = [](const char* name) {
    return meaning_of(UserName{name}, "example.com").name;
  };
  for (const auto* name : {"Nobody", "NOBODY", "@nobody:example.com", " nobody "}) {
    EXPECT_EQ(limited(name), limited("nobody")) << name;
  }
  EXPECT_NE(limited("nobody.else"), limited("nobody"));
}

// Keyboards write a capital.
TEST_P(PasswordLoginTest, AServicesUserOfThatVeryNameKeepsNobodyOut) {
  server_.sql("INSERT INTO users (id, localpart, created_at) VALUES (7, 'Alice', 1)");
  const auto signed_in = login("Alice", "correct horse");
  ASSERT_TRUE(signed_in.has_value());
  EXPECT_EQ(signed_in->localpart, "alice");
}

TEST_P(PasswordLoginTest, ASuccessClearsWhatTheAddressFailed) {
  self::testing::Setup setup;
  setup.limits.repeated_failures = 3;
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(error_of(login(surface, "alice", "wrong horse")).why, Why::wrong_credentials);
    }
    EXPECT_TRUE(login(surface, "alice", "correct horse").has_value()) << round;
  }
}

TEST_P(PasswordLoginTest, AnAccountHasOneLimitWhateverItIsCalledBy) {
  self::testing::Setup setup;
  setup.limits.repeated_failures = 3;
  administration_.add_threepid(accounts::testing::kOperator, "alice", "email", "alice@example.com")
      .value();
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  const std::vector<Identifier> names = {UserName{"alice"}, UserName{"ALICE"},
                                         UserName{"@alice:example.com"},
                                         ThirdParty{"email", "Alice@Example.com"}};
  int looked_at = 0;
  for (const Identifier& name : names) {
    for (int i = 0; i < 3; ++i) {
      const auto refused =
          run(surface.sign_in.with_password(0, name, "wrong horse", device("PHONE")));
      looked_at += error_of(refused).why == Why::wrong_credentials ? 1 : 0;
    }
  }
  EXPECT_EQ(looked_at, 3);
}

TEST_P(PasswordLoginTest, TheSpacesOfPhoneKeyboardsAreNoFailures) {
  self::testing::Surface surface{server_.ground(), *server_, passwords_, strict()};
  const std::string_view typed[] = {"alice ", " Alice", "\u00a0@alice:example.com\n",
                                    "alice\u200b"};
  for (const auto name : typed) {
    EXPECT_TRUE(login(surface, std::string(name), "correct horse").has_value()) << name;
  }
  EXPECT_EQ(error_of(login(surface, "al ice", "correct horse")).why, Why::wrong_credentials);
}

// Others' failures fill the account's limit; who is let past it is known by the sessions' rows.
TEST_P(PasswordLoginTest, WhereASessionWasUsedIsFamiliar) {
  self::testing::Setup setup;
  limits::AttemptLimitOptions& options = setup.limits;
  options.account_failures = 1;
  options.newcomer_failures = 1;
  options.account_failure_interval = options.newcomer_failure_interval = 1h;
  self::testing::Surface surface{server_.ground(), *server_, passwords_, setup};
  const auto from = [&](std::string address, std::string password) {
    auto wanted = device("PHONE");
    wanted.origin.address = std::move(address);
    const auto result =
        run(surface.sign_in.with_password(0, UserName{"alice"}, std::move(password), wanted));
    return result ? std::nullopt : std::optional(error_of(result).why);
  };
  // Uses up the account's limit and the first try of each of these networks.
  for (const auto* address : {"192.0.2.1", "2001:db8:1:1::1", "198.51.100.1"}) {
    EXPECT_EQ(from(address, "wrong horse"), Why::wrong_credentials) << address;
    EXPECT_EQ(from(address, "correct horse"), Why::too_many_failures) << address;
  }
  const auto used_from = [&](const char* address) {
    const auto session = server_.sign_in(user("alice")->account, TestSessions::refreshing("DESK"));
    server_.sql("UPDATE sessions SET address = :address WHERE id = :id", address, session.id());
    return session;
  };
  // Each sign-in to the same device ends the session before it softly: that counts too.
  used_from("192.0.2.1");
  used_from("2001:db8:1:1:2::3");
  const auto newest = used_from("203.0.113.9");
  EXPECT_EQ(from("192.0.2.1", "correct horse"), std::nullopt);
  EXPECT_EQ(from("2001:db8:1:1::1", "correct horse"), std::nullopt) << "of the same /64";
  EXPECT_EQ(from("198.51.100.1", "correct horse"), Why::too_many_failures);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(from("203.0.113.9", "wrong horse"), Why::wrong_credentials) << "new, then familiar";
  }
  // Where a person ended it, somebody else may have used it.
  server_.sign_out_everywhere(newest.access()).value();
  EXPECT_EQ(from("203.0.113.9", "correct horse"), Why::too_many_failures);
}

TEST_P(PasswordLoginTest, AHashOfOtherParametersIsMadeAnew) {
  accounts::PasswordOptions older = accounts::testing::cheap_passwords();
  older.hashing.hash_passes = 2;
  accounts::Passwords before(older);
  const std::string old_hash = run(before.hash("correct horse")).value();
  server_.sql("UPDATE users SET password_hash = :hash", old_hash);
  EXPECT_FALSE(login("alice", "wrong horse").has_value());
  EXPECT_EQ(user("alice")->password_hash, old_hash);
  EXPECT_TRUE(login("alice", "correct horse").has_value());
  const auto fresh = user("alice")->password_hash;
  EXPECT_NE(fresh, old_hash);
  EXPECT_EQ(run(passwords_.verify(fresh, "correct horse")), accounts::Passwords::Match::yes);
  EXPECT_TRUE(login("alice", "correct horse").has_value());
  EXPECT_EQ(user("alice")->password_hash, fresh);
}

// As hashes were made before passwords were brought to one spelling.
TEST_P(PasswordLoginTest, AHashOfWhatWasTypedIsMadeAnewAndThenTakesEverySpelling) {
  const std::string typed = "correct ho\u0308rse";
  const std::string composed = "correct h\u00f6rse";
  const std::string old_hash =
      crypto::argon2id_hash(typed, accounts::testing::cheap_passwords().hashing.params());
  server_.sql("UPDATE users SET password_hash = :hash", old_hash);
  EXPECT_EQ(error_of(login("alice", composed)).why, Why::wrong_credentials);
  EXPECT_TRUE(login("alice", typed).has_value());
  const auto fresh = user("alice")->password_hash;
  EXPECT_NE(fresh, old_hash);
  EXPECT_TRUE(login("alice", composed).has_value());
  EXPECT_TRUE(login("alice", typed).has_value());
  EXPECT_EQ(user("alice")->password_hash, fresh);
}

// Two spellings are tried, and it is one attempt.
TEST_P(PasswordLoginTest, AWrongPasswordCountsOnceInWhateverSpelling) {
  self::testing::Surface surface{server_.ground(), *server_, passwords_, strict()};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(error_of(login(surface, "alice", "wrong ho\u0308rse")).why, Why::wrong_credentials);
  }
  EXPECT_EQ(error_of(login(surface, "alice", "correct horse")).why, Why::too_many_failures);
}

TEST_P(PasswordLoginTest, ManyAtOnceToOneDeviceLeaveOneThatLives) {
  const auto results = server_.race(2, [this](sessions::Use use) -> Task<Result> {
    co_return co_await surface_.sign_in.with_password(use.worker, UserName{"alice"},
                                                      "correct horse", device("PHONE"));
  });
  int live = 0;
  for (const Result& result : results) {
    ASSERT_TRUE(result.has_value());
    const auto standing = server_.look(result->tokens.access_token).standing;
    live += standing.active() ? 1 : 0;
    EXPECT_TRUE(standing.active() || standing.worth == sessions::Worth::soft);
  }
  EXPECT_EQ(live, 1);
}

}  // namespace
}  // namespace latchkey::signin
