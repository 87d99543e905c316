#include "platform/text/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace latchkey::text {
namespace {

TEST(Base64, KnownTexts) {
  // RFC 4648, section 10, and bytes whose digits differ between the two alphabets.
  const std::array<std::array<std::string, 3>, 8> rows = {{{"", "", ""},
                                                           {"f", "Zg", "Zg=="},
                                                           {"fo", "Zm8", "Zm8="},
                                                           {"foo", "Zm9v", "Zm9v"},
                                                           {"foob", "Zm9vYg", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                                                           {"\xfb\xff", "-_8", "+/8="}}};
  for (const auto& [bytes, url, standard] : rows) {
    EXPECT_EQ(encode_base64url(bytes), url);
    EXPECT_EQ(decode_base64url(url), bytes);
    EXPECT_EQ(encode_base64(bytes), standard);
    EXPECT_EQ(decode_base64(standard), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const auto* text : {"Z", "Zg==", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "Zm9+", "Zm9/", "Zm9vY",
                           "\xc3\xa4gg", "Z=g"}) {
    EXPECT_EQ(decode_base64url(text), std::nullopt) << text;
  }
  for (const auto* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm9v====",
                           "Zm9-", "Zm9_", "=", "Zg==\n"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, LinesMayBeBrokenWhereThatIsSaid) {
  EXPECT_EQ(decode_base64_in_lines("Zm 9v\r\n\tYg =\n=\n"), "foob");
  EXPECT_EQ(decode_base64_in_lines(" "), "");
  EXPECT_EQ(decode_base64_in_lines("Zm9v\vYg=="), std::nullopt);
  EXPECT_EQ(decode_base64_in_lines("Zg"), std::nullopt);
}

TEST(Base64, FixedSizeTakesThatSizeAlone) {
  std::array<std::uint8_t, 2> two;
  EXPECT_TRUE(decode_base64url("Zm8", two));
  EXPECT_EQ(two, (std::array<std::uint8_t, 2>{'f', 'o'}));
  EXPECT_FALSE(decode_base64url("Zg", two));
  EXPECT_FALSE(decode_base64url("Zm9v", two));
  EXPECT_FALSE(decode_base64url("Zm9", two));
  EXPECT_FALSE(decode_base64url("Zm?", two));
}

RC_GTEST_PROP(Base64, RoundTrip, (const std::string& bytes)) {
  RC_ASSERT(decode_base64url(encode_base64url(bytes)) == bytes);
  RC_ASSERT(decode_base64(encode_base64(bytes)) == bytes);
}

RC_GTEST_PROP(Base64, OneTextForEachValue, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ABQZaz09-_=+/ ")));
  if (const auto bytes = decode_base64url(text)) RC_ASSERT(encode_base64url(*bytes) == text);
  if (const auto bytes = decode_base64(text)) RC_ASSERT(encode_base64(*bytes) == text);
}

}  // namespace
}  // namespace latchkey::text
