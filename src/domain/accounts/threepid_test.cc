#include "domain/accounts/threepid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latchkey::accounts {
namespace {

std::string email(std::string_view address) {
  const auto found = canonical_threepid("email", address);
  return found ? found->address : "";
}

std::string msisdn(std::string_view address) {
  const auto found = canonical_threepid("msisdn", address);
  return found ? found->address : "";
}

std::string phone(std::string_view country, std::string_view number) {
  const auto found = canonical_phone(country, number);
  return found ? found->address : "";
}

TEST(Threepid, AnAddressIsCaseFolded) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"alice@example.com", "alice@example.com"},
      {"Alice@EXAMPLE.com", "alice@example.com"},
      {"  alice@example.com\r\n", "alice@example.com"},
      {"Strauß@Example.com", "strauss@example.com"},  // the spec's own
      {"STRAUSS@example.com", "strauss@example.com"},
      {"ΣΊΣΥΦΟΣ@example.com", "σίσυφοσ@example.com"},
      {"σίσυφος@example.com", "σίσυφοσ@example.com"},
      {"alice+matrix@example.com", "alice+matrix@example.com"},
      {"o'hara@example.com", "o'hara@example.com"},
      {"a@b", "a@b"},
  };
  for (const auto& [typed, canonical] : table) EXPECT_EQ(email(typed), canonical) << typed;
}

TEST(Threepid, WhatIsNoAddress) {
  using namespace std::string_view_literals;
  for (const auto typed : {""sv,
                           "   "sv,
                           "alice"sv,
                           "@"sv,
                           "alice@"sv,
                           "@example.com"sv,
                           "a@b@c"sv,
                           "alice @example.com"sv,
                           "al\tice@example.com"sv,
                           "al\nice@example.com"sv,
                           "al\0ice@example.com"sv,
                           "al\x7fice@example.com"sv,
                           "al\u00a0ice@example.com"sv,
                           "al\u2003ice@example.com"sv,
                           "al\u0085ice@example.com"sv,
                           "al\xffice@example.com"sv,
                           "al\u200bice@example.com"sv,
                           "al\xed\xa0\x80ice@example.com"sv,
                           "Alice <alice@example.com>"sv,
                           "<alice@example.com>"sv,
                           "mailto:alice@example.com"sv}) {
    EXPECT_EQ(email(typed), "") << typed;
  }
}

TEST(Threepid, AnAddressHasAtMost254Bytes) {
  const std::string domain = "@example.com";
  const std::string longest = std::string(254 - domain.size(), 'a') + domain;
  EXPECT_EQ(email(longest), longest);
  EXPECT_EQ(email("a" + longest), "");
  // U+0390 grows from two bytes to six.
  std::string grows;
  for (int i = 0; i < 100; ++i) grows += "ΐ";
  EXPECT_EQ(email(grows + domain), "");
}

TEST(Threepid, ANumberInInternationalForm) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"491701234567", "491701234567"},
      {"+49 170 1234567", "491701234567"},
      {"+49 (0) 170 / 123-45.67", "491701234567"},
      {" +1 555 123 4567 ", "15551234567"},
      {"39061234567", "39061234567"},
      {"447700900123", "447700900123"},
  };
  for (const auto& [typed, canonical] : table) EXPECT_EQ(msisdn(typed), canonical) << typed;
}

TEST(Threepid, WhatIsNoNumberInInternationalForm) {
  for (const auto* typed :
       {"", " ", "+", "++491701234567", "01701234567", "00491701234567", "999123456789", "12",
        "4917012345678901234567", "1-800-FLOWERS", "tel:+491701234567", "+491701234567 ext. 5",
        "+491701234567;ext=5", "155512345678", "４９１７０１２３４５６７", "alice@example.com",
        "\xff"}) {
    EXPECT_EQ(msisdn(typed), "") << typed;
  }
}

TEST(Threepid, ANumberAsItIsDialledInItsCountry) {
  const std::tuple<std::string_view, std::string_view, std::string_view> table[] = {
      {"DE", "0170 1234567", "491701234567"},
      {"de", "0170 1234567", "491701234567"},
      {"DE", "+49 170 1234567", "491701234567"},
      {"DE", "00 44 7700 900123", "447700900123"},
      {"DE", "+44 7700 900123", "447700900123"},
      {"GB", "07700 900123", "447700900123"},
      {"US", "(555) 123-4567", "15551234567"},
      {"US", "1 555 123 4567", "15551234567"},
      {"US", "011 49 170 1234567", "491701234567"},
      {"IT", "06 1234567", "39061234567"},  // Italy keeps its zero
      {"RU", "8 912 345-67-89", "79123456789"},
      {"FR", "06 12 34 56 78", "33612345678"},
  };
  for (const auto& [country, typed, canonical] : table) {
    EXPECT_EQ(phone(country, typed), canonical) << country << " " << typed;
  }
}

TEST(Threepid, WhatIsNoNumberOfACountry) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "0170 1234567"},
      {"XX", "0170 1234567"},
      {"ZZ", "+491701234567"},
      {"001", "+80012345678"},
      {"DEU", "0170 1234567"},
      {"XX", "+491701234567"},
      {"DE", ""},
      {"DE", "abc"},
      {"DE", "1"},
      {"US", "555 1234 56"},
      {"GB", "07700 9001 23 45 67"},
      {"US", "1-800-FLOWERS"},
      {"DE", "0170 1234567 ext. 5"},
      {"DE", "tel:01701234567"},
  };
  for (const auto& [country, typed] : table) {
    EXPECT_EQ(phone(country, typed), "") << country << " " << typed;
  }
}

TEST(Threepid, OtherMediaAreNone) {
  for (const auto* medium : {"", "Email", "EMAIL", "phone", "m.email", "irc"}) {
    EXPECT_EQ(canonical_threepid(medium, "alice@example.com"), std::nullopt) << medium;
  }
}

// What is stored is found again: the canonical form of a canonical form is itself.
RC_GTEST_PROP(Threepid, IsCanonicalOnce, (const std::string& text, std::uint32_t digits)) {
  for (const auto& [medium, typed] :
       {std::pair{"email", text + "@example.com"}, {"msisdn", "+49" + std::to_string(digits)}}) {
    if (const auto once = canonical_threepid(medium, typed)) {
      RC_ASSERT(canonical_threepid(once->medium, once->address) == once);
    }
  }
}

}  // namespace
}  // namespace latchkey::accounts
