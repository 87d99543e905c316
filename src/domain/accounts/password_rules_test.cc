#include "domain/accounts/password_rules.h"

#include <gtest/gtest.h>

#include "platform/crypto/argon2id.h"
#include "platform/crypto/random.h"

namespace latchkey::accounts {
namespace {

const PasswordRules kRules(8, 2, "matrix.Example.com");

TEST(PasswordRules, RefuseWhatIsSeenAtOnce) {
  const std::string longest(crypto::kMaxPassword, 'x');
  EXPECT_EQ(kRules.refuse_form("12345678"), std::nullopt) << "of good form, if easy to guess";
  EXPECT_EQ(kRules.refuse_form("ääääääää"), std::nullopt) << "characters, not bytes";
  EXPECT_EQ(kRules.refuse_form(longest), std::nullopt);
  using enum WeakPassword::Why;
  struct Case {
    std::string password;
    WeakPassword weak;
  };
  for (const auto& [password, weak] :
       {Case{"", {too_short, 8}}, Case{"1234567", {too_short, 8}}, Case{"ääää", {too_short, 8}},
        Case{longest + "x", {too_long, 1024}}, Case{std::string(8, '\xff'), {not_text}}}) {
    EXPECT_EQ(kRules.refuse_form(password), weak) << password;
  }
}

struct Sample {
  std::string_view password;
  unsigned score;
};

// zxcvbn's scale: under 10^3 guesses, 10^6, 10^8, 10^10, and more.
TEST(PasswordRules, ScoreByGuesses) {
  for (const auto& [password, score] :
       {Sample{"password", 0}, Sample{"Password1", 0}, Sample{"12345678", 0}, Sample{"", 0},
        Sample{"qwertyuiop", 1}, Sample{"monkey dragon", 1}, Sample{"Summer2024!", 1},
        Sample{"wrong horse", 2}, Sample{"correct horse", 3},
        Sample{"correct horse battery staple", 4}, Sample{"блаблабла", 4}}) {
    EXPECT_EQ(estimate_guesses(password, {}).score, score) << password;
  }
}

TEST(PasswordRules, TheMinimumIsTheLowestScoreThatPasses) {
  for (const auto& [password, score] :
       {Sample{"password", 0}, Sample{"monkey dragon", 1}, Sample{"wrong horse", 2},
        Sample{"correct horse", 3}, Sample{"correct horse battery staple", 4}}) {
    for (unsigned minimum = 0; minimum <= 4; ++minimum) {
      const PasswordRules rules(8, minimum, "example.com");
      EXPECT_EQ(rules.refuse_guessable(password, "alice").has_value(), score < minimum)
          << password << " for " << minimum;
    }
  }
  EXPECT_FALSE(PasswordRules(8, 0, "example.com").judges_guessability());
  EXPECT_TRUE(PasswordRules(8, 1, "example.com").judges_guessability());
}

TEST(PasswordRules, WantTheCharactersThatOperatorsWant) {
  using enum WeakPassword::Why;
  const CharacterClasses all{.digit = true, .lowercase = true, .uppercase = true, .symbol = true};
  const PasswordRules strict(1, 0, "example.com", all);
  struct Case {
    const char* password;
    CharacterClasses missing;
  };
  for (const auto& [password, missing] : {
           Case{"aB3-", {}},
           Case{"aB3 ", {}},
           Case{"\u00e4\u00d63\u20ac", {}},
           Case{"\u0436\u0416\u0663!", {}},  // Cyrillic, and a digit of Arabic
           Case{"aB-", {.digit = true}},
           Case{"B3-", {.lowercase = true}},
           Case{"a3-", {.uppercase = true}},
           Case{"aB3", {.symbol = true}},
           Case{"aB3x\u0323\u0306", {.symbol = true}},  // accents belong to their letter
           Case{"\u65e5\u672c", all},                   // letters without cases
           Case{"....", {.digit = true, .lowercase = true, .uppercase = true}},
       }) {
    const auto weak = strict.refuse_form(password);
    ASSERT_EQ(weak.has_value(), missing.any()) << password;
    if (weak) {
      EXPECT_EQ(weak->why, lacks) << password;
      EXPECT_EQ(weak->missing, missing) << password;
    }
  }
  EXPECT_EQ(PasswordRules(1, 0, "example.com").refuse_form("a"), std::nullopt);
}

TEST(PasswordRules, TellWhatMakesItEasy) {
  using enum WeakPassword::Why;
  EXPECT_EQ(kRules.refuse_guessable("password", "alice"), WeakPassword{easy});
  EXPECT_EQ(kRules.refuse_guessable("zebulon.pettigrew", "zebulon.pettigrew"),
            WeakPassword{from_names});
}

TEST(PasswordRules, NamesOfTheUserAndTheServerAreKnownToWhoGuesses) {
  constexpr std::string_view kName = "zebulon.pettigrew";
  for (const auto* password : {"zebulon.pettigrew", "Zebulon1", "pettigrew7", "z3bulonz3bulon",
                               "matrix.example.com", "Example.com1", "pettigrewzebulon"}) {
    EXPECT_TRUE(kRules.refuse_guessable(password, kName).has_value()) << password;
  }
  // Without the name they pass: it is the name that makes them easy.
  for (const auto* password : {"zebulon.pettigrew", "pettigrewzebulon"}) {
    EXPECT_EQ(kRules.refuse_guessable(password, ""), std::nullopt) << password;
  }
  EXPECT_EQ(kRules.refuse_guessable("zebulon and correct horse", kName), std::nullopt)
      << "a name among other words does no harm";
}

TEST(PasswordRules, LookAtTheBeginningOnly) {
  const std::string random = crypto::random_text(crypto::kBase62, crypto::kMaxPassword);
  EXPECT_EQ(kRules.refuse_guessable(random, "alice"), std::nullopt);
  EXPECT_TRUE(kRules.refuse_guessable(std::string(40, 'x') + random, "alice").has_value());
  EXPECT_TRUE(kRules.refuse_guessable(std::string(crypto::kMaxPassword, '7'), "").has_value());
}

// The library reads up to a NUL, and JSON can bring one.
TEST(PasswordRules, ANulEndsNothing) {
  using namespace std::string_view_literals;
  EXPECT_EQ(estimate_guesses("\0correct horse battery staple"sv, {}).score, 4u);
  EXPECT_EQ(estimate_guesses("correct horse\0battery staple"sv, {}).score, 4u);
}

}  // namespace
}  // namespace latchkey::accounts
