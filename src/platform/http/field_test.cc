#include "platform/http/field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace latchkey::http {
namespace {

TEST(Field, NamesAreTheSameWithoutRegardToCaseAlone) {
  struct Row {
    const char* one;
    const char* other;
    bool same;
  };
  for (const auto& [one, other, same] : {
           Row{"", "", true},
           Row{"Authorization", "Authorization", true},
           Row{"Authorization", "authorization", true},
           Row{"aUTHORIZATION", "AuThOrIzAtIoN", true},
           Row{"Authorization", "Authorizatiom", false},
           Row{"Authorization", "Authorization ", false},
           Row{"X-Forwarded-Uri", "X-Forwarded-For", false},
           Row{"x-1", "X-1", true},
           // One bit apart as the cases of a letter are, and no letters.
           Row{"a@", "a`", false},
           Row{"[", "{", false},
           Row{"X-A", "X\rA", false},
           Row{"Z[", "z{", false},
       }) {
    EXPECT_EQ(same_name(one, other), same) << one << " / " << other;
    EXPECT_EQ(same_name(other, one), same) << other << " / " << one;
  }
}

TEST(Field, TokensHaveTheCharactersOfTheRfc) {
  const std::string allowed =
      "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_token_char(c), std::ranges::count(allowed, c) == 1) << byte;
  }
}

}  // namespace
}  // namespace latchkey::http
