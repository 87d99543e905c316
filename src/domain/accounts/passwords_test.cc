#include "domain/accounts/passwords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "domain/accounts/accounts_testing.h"

namespace latchkey::accounts {
namespace {

using sessions::testing::run;
using testing::cheap_passwords;
using ::testing::Optional;
using ::testing::StartsWith;
using Match = Passwords::Match;

TEST(Passwords, AreTakenAndFoundAgain) {
  Passwords passwords(cheap_passwords());
  const auto hash = run(passwords.hash("correct horse"));
  ASSERT_TRUE(hash.has_value());
  EXPECT_THAT(*hash, StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_THAT(run(passwords.verify(hash, "correct horse")), Optional(Match::yes));
  EXPECT_THAT(run(passwords.verify(hash, "correct hors")), Optional(Match::no));
  EXPECT_THAT(run(passwords.verify(hash, "Correct horse")), Optional(Match::no));
  EXPECT_THAT(run(passwords.verify(hash, "")), Optional(Match::no));
  EXPECT_NE(run(passwords.hash("correct horse")), hash) << "each with its own salt";
}

TEST(Passwords, OfNobodyAreWrong) {
  Passwords passwords(cheap_passwords());
  EXPECT_THAT(run(passwords.verify(std::nullopt, "correct horse")), Optional(Match::no));
  EXPECT_THAT(run(passwords.verify(std::nullopt, "")), Optional(Match::no));
  EXPECT_THAT(run(passwords.verify("no hash", "correct horse")), Optional(Match::no));
}

TEST(Passwords, ThatAreTooLongAreWrongAndNeverCut) {
  Passwords passwords(cheap_passwords());
  const std::string longest(crypto::kMaxPassword, 'x');
  const auto hash = run(passwords.hash(longest));
  EXPECT_THAT(run(passwords.verify(hash, longest)), Optional(Match::yes));
  EXPECT_THAT(run(passwords.verify(hash, longest + "x")), Optional(Match::no));
  EXPECT_THAT(run(passwords.verify(hash, std::string(1 << 20, 'x'))), Optional(Match::no));
}

TEST(Passwords, HashedOtherwiseAreRightAndWantANewHash) {
  PasswordOptions older = cheap_passwords();
  older.hashing.hash_passes = 2;
  Passwords before(older);
  const std::string hash = run(before.hash("correct horse")).value();
  Passwords passwords(cheap_passwords());
  EXPECT_THAT(run(passwords.verify(hash, "correct horse")), Optional(Match::yes_but_rehash));
  EXPECT_THAT(run(passwords.verify(hash, "wrong horse")), Optional(Match::no));
}

TEST(Passwords, NewOnesAreRefusedWithAReason) {
  using Why = NewPasswordRefused::Why;
  Passwords passwords(cheap_passwords(), "matrix.example.com");
  EXPECT_TRUE(passwords.enabled());
  struct Case {
    std::string password;
    std::optional<WeakPassword> weak;
  };
  using enum WeakPassword::Why;
  for (const auto& [password, weak] :
       {Case{"correct horse", {}}, Case{"1234567", WeakPassword{too_short, 8}},
        Case{"12345678", WeakPassword{easy}},
        Case{std::string(crypto::kMaxPassword + 1, 'x'), WeakPassword{too_long, 1024}},
        Case{"zebulon.pettigrew", WeakPassword{from_names}},
        Case{"matrix.example.com", WeakPassword{from_names}}}) {
    const auto refused = run(passwords.refuse_new(password, "zebulon.pettigrew"));
    ASSERT_EQ(refused.has_value(), weak.has_value()) << password;
    if (!refused) continue;
    EXPECT_EQ(refused->why, Why::weak);
    EXPECT_EQ(refused->weak, weak) << password;
  }
}

TEST(Passwords, ThatAreEasyToGuessPassWhereTheyMay) {
  PasswordOptions options = cheap_passwords();
  options.minimum_score = 0;
  options.enabled = false;
  Passwords passwords(options);
  EXPECT_EQ(run(passwords.refuse_new("12345678", "alice")), std::nullopt);
  EXPECT_FALSE(passwords.enabled());
}

// Absent means "come back later", and some are always served.
TEST(Passwords, MoreThanThePoolTakesAreSentAway) {
  PasswordOptions options = cheap_passwords();
  options.hashing.hash_memory = config::Bytes{8 << 20};
  options.hashing.hash_threads = 1;
  options.hashing.hash_queue = 2;
  Passwords passwords(options);
  boost::asio::io_context context;
  int served = 0;
  int sent_away = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(context, passwords.hash("correct horse"),
                          [&](std::exception_ptr fault, const std::optional<std::string>& hash) {
                            ASSERT_FALSE(fault);
                            ++(hash ? served : sent_away);
                          });
  }
  context.run();
  EXPECT_EQ(served + sent_away, 20);
  EXPECT_GE(served, 2);
  EXPECT_GE(sent_away, 10);
}

}  // namespace
}  // namespace latchkey::accounts
