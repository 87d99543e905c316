#include "platform/text/base62.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace latchkey::text {
namespace {

using Bytes = std::array<std::uint8_t, kBase62Bytes>;

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string encode(const Bytes& bytes) {
  std::string text(kBase62Chars, '?');
  encode_base62_256(bytes, std::span<char, kBase62Chars>(text.data(), kBase62Chars));
  return text;
}

// School division, digit by digit: what the fast one must equal.
std::string encode_slowly(Bytes bytes) {
  std::string text(kBase62Chars, '0');
  for (std::size_t at = kBase62Chars; at-- > 0;) {
    unsigned remainder = 0;
    for (auto& byte : bytes) {
      const unsigned value = remainder << 8 | byte;
      byte = static_cast<std::uint8_t>(value / 62);
      remainder = value % 62;
    }
    text[at] = kAlphabet[remainder];
  }
  return text;
}

Bytes filled(std::uint8_t value) {
  Bytes bytes;
  bytes.fill(value);
  return bytes;
}

TEST(Base62, Ends) {
  EXPECT_EQ(encode(filled(0)), std::string(43, '0'));
  EXPECT_EQ(encode(filled(0xff)), encode_slowly(filled(0xff)));
  Bytes one = filled(0);
  one[31] = 61;
  EXPECT_EQ(encode(one), std::string(42, '0') + "z");
  one[31] = 62;
  EXPECT_EQ(encode(one), std::string(41, '0') + "10");
}

TEST(Base62, RefusesWhatIsNotOne) {
  const std::string greatest = encode(filled(0xff));
  Bytes bytes;
  ASSERT_TRUE(decode_base62_256(greatest, bytes));
  EXPECT_EQ(bytes, filled(0xff));

  std::string next = greatest;  // 2^256
  std::size_t last = next.find_last_not_of('z');
  next[last] = kAlphabet[kAlphabet.find(next[last]) + 1];
  for (++last; last < next.size(); ++last) next[last] = '0';
  EXPECT_FALSE(decode_base62_256(next, bytes));
  EXPECT_FALSE(decode_base62_256(std::string(43, 'z'), bytes));

  EXPECT_FALSE(decode_base62_256("", bytes));
  EXPECT_FALSE(decode_base62_256(std::string(42, '0'), bytes));
  EXPECT_FALSE(decode_base62_256(std::string(44, '0'), bytes));
  for (int c = 0; c < 256; ++c) {
    for (const std::size_t at : {0U, 2U, 3U, 12U, 13U, 42U}) {
      std::string text(43, '0');
      text[at] = static_cast<char>(c);
      const bool digit = c != 0 && kAlphabet.find(static_cast<char>(c)) != kAlphabet.npos;
      const bool small = at > 0 || c <= '9';
      EXPECT_EQ(decode_base62_256(text, bytes), digit && (small || text <= greatest)) << c;
    }
  }
}

RC_GTEST_PROP(Base62, EqualsSchoolDivisionAndComesBack, (const Bytes& bytes)) {
  const std::string text = encode(bytes);
  RC_ASSERT(text == encode_slowly(bytes));
  Bytes back;
  RC_ASSERT(decode_base62_256(text, back));
  RC_ASSERT(back == bytes);
}

// Words of all zeros and all ones meet the corrections of the division by a reciprocal.
RC_GTEST_PROP(Base62, ExtremeWords, ()) {
  const auto picks = *rc::gen::container<std::array<std::uint8_t, 32>>(
      rc::gen::elementOf(std::vector<std::uint8_t>{0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff}));
  RC_ASSERT(encode(picks) == encode_slowly(picks));
}

RC_GTEST_PROP(Base62, OneTextForEachValue, ()) {
  const auto text =
      *rc::gen::container<std::string>(kBase62Chars, rc::gen::elementOf(std::string(kAlphabet)));
  Bytes bytes;
  if (decode_base62_256(text, bytes)) RC_ASSERT(encode(bytes) == text);
}

}  // namespace
}  // namespace latchkey::text
