#include "domain/accounts/password_scheme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/accounts/passwords.h"

namespace latchkey::accounts {
namespace {

using crypto::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const crypto::Argon2Params kCheap{.memory = 64, .passes = 1};

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(OpaqueString, MakesOneSpellingOfThoseThatKeyboardsWrite) {
  struct Case {
    std::string_view what;
    std::string typed;
    std::string prepared;
  };
  for (const auto& [what, typed, prepared] : {
           Case{"ASCII, signs and all", "Correct Horse~\t\x7f", "Correct Horse~\t\x7f"},
           Case{"a combining accent", "pa\u0308ssword", "p\u00e4ssword"},
           Case{"composed already", "p\u00e4ssword", "p\u00e4ssword"},
           Case{"two accents in the other order", "a\u0301\u0323", "\u1ea1\u0301"},
           Case{"Hangul in parts", "\u1112\u1161\u11ab", "\ud55c"},
           Case{"a sign with a letter's form", "\u212b\u2126", "\u00c5\u03a9"},
           Case{"an excluded composition", "\u0958", "\u0915\u093c"},
           Case{"a no-break space", "correct\u00a0horse", "correct horse"},
           Case{"an ideographic space", "\u3000x\u2003", " x "},
           Case{"capitals", "\u00c4\u00df\u0130", "\u00c4\u00df\u0130"},
           // Not compatibility: RFC 8265 leaves width and ligatures as they are.
           Case{"full width", "\uff41\uff42", "\uff41\uff42"},
           Case{"a ligature", "\ufb01sh", "\ufb01sh"},
           Case{"emoji joined to one", "\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"},
           Case{"code points of no version yet", "\U0003fffd\u0378", "\U0003fffd\u0378"},
           Case{"NUL in the middle", std::string("a\0\u00e4", 4), std::string("a\0\u00e4", 4)},
           Case{"no text", "pa\u0308\xff", "pa\u0308\xff"},
           Case{"nothing", "", ""},
       }) {
    EXPECT_EQ(opaque_string(typed), prepared) << what;
  }
}

TEST(OpaqueString, LeavesWhatItWouldMakeTooLong) {
  const std::string fits = repeat("\u0958", crypto::kMaxPassword / 6);
  EXPECT_EQ(opaque_string(fits), repeat("\u0915\u093c", crypto::kMaxPassword / 6));
  const std::string grows = repeat("\u0958", crypto::kMaxPassword / 3);
  EXPECT_EQ(opaque_string(grows), grows);
  EXPECT_THAT(spellings(grows), ElementsAre(grows));
}

TEST(OpaqueString, IsWhatAPasswordIsRepeatedAs) {
  EXPECT_TRUE(same_password("pa\u0308ssword", "p\u00e4ssword"));
  EXPECT_FALSE(same_password("password", "p\u00e4ssword"));
}

RC_GTEST_PROP(OpaqueString, DoesNothingASecondTime, (const std::vector<std::uint16_t>& units)) {
  std::string typed;
  for (const std::uint16_t unit : units) {  // as UTF-8 of two or three bytes
    if (unit >= 0xd800 && unit < 0xe000) continue;
    const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
    if (unit < 0x80) {
      typed += byte(unit);
    } else if (unit < 0x800) {
      typed += {byte(0xc0U | (unit >> 6U)), byte(0x80U | (unit & 0x3fU))};
    } else {
      typed += {byte(0xe0U | (unit >> 12U)), byte(0x80U | ((unit >> 6U) & 0x3fU)),
                byte(0x80U | (unit & 0x3fU))};
    }
  }
  const std::string once = opaque_string(typed);
  RC_ASSERT(opaque_string(once) == once);
}

TEST(PasswordScheme, HoldsOneSpellingAgainstTheHashUnlessTwoAreNeeded) {
  EXPECT_THAT(spellings("correct horse"), ElementsAre("correct horse"));
  EXPECT_THAT(spellings("p\u00e4ssword"), ElementsAre("p\u00e4ssword"));
  EXPECT_THAT(spellings("pa\u0308ssword"), ElementsAre("p\u00e4ssword", "pa\u0308ssword"));
  EXPECT_THAT(spellings(""), ElementsAre(""));
}

TEST(PasswordScheme, CountsTheLengthOfWhatIsHashed) {
  const std::string parts = repeat("a\u0308", crypto::kMaxPassword / 2);  // half as long again
  EXPECT_THAT(spellings(parts), ElementsAre(repeat("\u00e4", crypto::kMaxPassword / 2)));
  EXPECT_THAT(spellings(parts + "a"), IsEmpty());
  EXPECT_THAT(spellings(repeat("a\u0308", 1 << 15)), IsEmpty());
  EXPECT_EQ(verify_password(hash_password(parts, kCheap), parts, kCheap), Verdict::yes);
  EXPECT_EQ(verify_password(hash_password(parts, kCheap), parts + "a", kCheap), Verdict::no);
  EXPECT_EQ(verify_password(hash_password("", kCheap), parts + "a", kCheap), Verdict::no);
}

TEST(PasswordScheme, FindsAPasswordHoweverItIsTyped) {
  const std::string parts = "pa\u0308ss word";
  const std::string composed = "p\u00e4ss\u00a0word";
  for (const auto& chosen : {parts, composed}) {
    const std::string hash = hash_password(chosen, kCheap);
    for (const auto& typed : {parts, composed}) {
      EXPECT_EQ(verify_password(hash, typed, kCheap), Verdict::yes) << chosen << ' ' << typed;
    }
    EXPECT_EQ(verify_password(hash, "pass word", kCheap), Verdict::no);
  }
}

// As version 1.0 made them.
TEST(PasswordScheme, TakesWhatWasHashedAsItWasTyped) {
  const std::string typed = "pa\u0308ssword";
  const std::string hash = crypto::argon2id_hash(typed, kCheap);
  EXPECT_EQ(verify_password(hash, typed, kCheap), Verdict::yes_but_rehash);
  EXPECT_EQ(verify_password(hash, "pa\u0308ssworD", kCheap), Verdict::no);
  const std::string composed = crypto::argon2id_hash("p\u00e4ssword", kCheap);
  EXPECT_EQ(verify_password(composed, typed, kCheap), Verdict::yes);
}

TEST(PasswordScheme, KnowsNoHashOfOthers) {
  for (const auto* hash : {"", "no hash", "$2b$12$Sykq7Yq.2r0mJ8x5xVPLXe", "$argon2id$"}) {
    EXPECT_EQ(verify_password(hash, "pa\u0308ssword", kCheap), Verdict::no) << hash;
  }
}

// Their length is that of the letters that people see, on each keyboard.
TEST(PasswordScheme, NewPasswordsAreJudgedAsTheyAreHashed) {
  Passwords passwords(testing::cheap_passwords());
  const std::string seven = repeat("a\u0308", 4) + "xyz";
  EXPECT_TRUE(passwords.refuse_form(seven).has_value());
  EXPECT_TRUE(sessions::testing::run(passwords.refuse_new(seven, "")).has_value());
  EXPECT_EQ(passwords.refuse_form(repeat("a\u0308", 8)), std::nullopt);
  EXPECT_EQ(passwords.refuse_form(repeat("a\u0308", 512)), std::nullopt);
  EXPECT_TRUE(passwords.refuse_form(repeat("a\u0308", 513)).has_value());
  EXPECT_TRUE(passwords.refuse_form("12345678\xff").has_value());
}

}  // namespace
}  // namespace latchkey::accounts
