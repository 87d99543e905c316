#include "domain/sessions/token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using Check = TokenCodec::Check;

keys::ServerKey key(std::uint8_t id, std::uint8_t first_byte = 0) {
  keys::ServerKey key{.id = id, .secret = {}, .created_at = {}};
  std::iota(key.secret.begin(), key.secret.end(), first_byte);
  return key;
}

TokenCodec codec(std::vector<keys::ServerKey> keys, const std::vector<std::uint8_t>& lost = {}) {
  return TokenCodec(std::make_shared<const keys::KeyRing>(std::move(keys), lost));
}

Nonce nonce(std::uint8_t first_byte) {
  Nonce nonce;
  std::iota(nonce.begin(), nonce.end(), first_byte);
  return nonce;
}

constexpr SessionId kSession{(std::int64_t{1'800'000'000'000} << 21) | 0x12345};
constexpr Generation kGeneration = 0x000102;

// Worked out by another program from docs/formats/token.md. Should these ever change, every
// token out there becomes forged.
TEST(Token, KnownAnswers) {
  TokenCodec five = codec({key(5)});
  EXPECT_EQ(five.mint(Kind::access, kSession, kGeneration, nonce(0xa0)),
            "lka_1EWBY039sGfK04NZ6oZejrlTGlKy4vwjl82Bc7uRyOj");
  EXPECT_EQ(five.mint(Kind::refresh, kSession, kGeneration, nonce(0xa0)),
            "lkr_1EWBY039sGfK04NZ17oKgRjvDIJ4TGg5cGMLIDDNBiG");
}

TEST(Token, SaysWhatItNames) {
  const auto token = read_token("lka_1EWBY039sGfK04NZ6oZejrlTGlKy4vwjl82Bc7uRyOj");
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->kind, Kind::access);
  EXPECT_EQ(token->key, 5);
  EXPECT_EQ(token->session, kSession);
  EXPECT_EQ(token->generation, kGeneration);
  EXPECT_EQ(codec({key(5)}).check(*token), Check::authentic);
  EXPECT_TRUE(codec({key(5)}).fits(*token, nonce(0xa0)));
}

TEST(Token, OtherFormsAreForeignOrMalformed) {
  const std::string body = "1EWBY039sGfK04NZ6oZejrlTGlKy4vwjl82Bc7uRyOj";
  const std::pair<std::string, TokenFault> rows[] = {
      {"", TokenFault::foreign},
      {"l", TokenFault::foreign},
      {"lka", TokenFault::foreign},
      {body, TokenFault::foreign},
      {"LKA_" + body, TokenFault::foreign},
      {"lkx_" + body, TokenFault::foreign},
      {"lka-" + body, TokenFault::foreign},
      {" lka_" + body, TokenFault::foreign},
      {"syt_YWxpY2U_abc_def", TokenFault::foreign},
      {"mct_" + body, TokenFault::foreign},
      {"lka_", TokenFault::malformed},
      {"lkl_" + body, TokenFault::malformed},
      {"lkp_" + body, TokenFault::malformed},
      {"lka_" + body.substr(1), TokenFault::malformed},
      {"lka_" + body + "0", TokenFault::malformed},
      {"lka_" + body + " ", TokenFault::malformed},
      {"lka_" + std::string(1, '\0') + body.substr(1), TokenFault::malformed},
      {"lka_-" + body.substr(1), TokenFault::malformed},
      {"lka_" + std::string(43, 'z'), TokenFault::malformed},  // past 2^256
      {"lka_" + std::string(100'000, '0'), TokenFault::malformed},
      // A session id is a positive number: its highest bit is never set.
      {"lka_1IrQ02TAzeUIYFSyRg21yP0f93NABlCx6zocGldkvOi", TokenFault::malformed},
  };
  for (const auto& [text, fault] : rows) {
    const auto token = read_token(text);
    ASSERT_FALSE(token.has_value()) << text.substr(0, 60);
    EXPECT_EQ(error_of(token), fault) << text.substr(0, 60);
  }
}

TEST(Token, AKeyThatIsNotHeldIsUnknownAndOneThatWasGivenUpIsLost) {
  const auto token = read_token(codec({key(5)}).mint(Kind::access, kSession, 1, nonce(1)));
  EXPECT_EQ(codec({key(6)}).check(*token), Check::unknown_key);
  EXPECT_EQ(codec({key(6)}, {5}).check(*token), Check::key_lost);
  EXPECT_EQ(codec({key(5, 1)}).check(*token), Check::forged) << "another key under its id";
  EXPECT_FALSE(codec({key(6)}).fits(*token, nonce(1)));
  EXPECT_FALSE(codec({key(5, 1)}).fits(*token, nonce(1)));
}

TEST(Token, TheNewestKeySignsAndTheOlderOnesGoOnBeingGood) {
  const std::string old = codec({key(1)}).mint(Kind::access, kSession, 1, nonce(1));
  TokenCodec both = codec({key(1), key(2, 100)});
  const std::string fresh = both.mint(Kind::access, kSession, 1, nonce(1));
  EXPECT_NE(fresh, old);
  EXPECT_EQ(read_token(fresh)->key, 2);
  for (const std::string& text : {old, fresh}) {
    EXPECT_EQ(both.check(*read_token(text)), Check::authentic);
    EXPECT_TRUE(both.fits(*read_token(text), nonce(1)));
  }
}

TEST(Token, TheOtherKindsPrefixIsForged) {
  TokenCodec five = codec({key(5)});
  std::string text = five.mint(Kind::access, kSession, 1, nonce(1));
  text[2] = 'r';
  EXPECT_EQ(five.check(*read_token(text)), Check::forged);
}

// Each thing that a token names goes into its tag.
TEST(Token, TheTagHangsOnEverything) {
  TokenCodec one = codec({key(1)});
  const auto tag = [](const std::string& text) {
    const Token token = *read_token(text);
    return std::vector(token.bytes.begin() + 12, token.bytes.begin() + 28);
  };
  const auto base = tag(one.mint(Kind::access, kSession, 1, nonce(1)));
  EXPECT_EQ(tag(one.mint(Kind::access, kSession, 1, nonce(1))), base);
  EXPECT_NE(tag(one.mint(Kind::refresh, kSession, 1, nonce(1))), base);
  EXPECT_NE(tag(one.mint(Kind::access, SessionId{std::to_underlying(kSession) + 1}, 1, nonce(1))),
            base);
  EXPECT_NE(tag(one.mint(Kind::access, kSession, 2, nonce(1))), base);
  EXPECT_NE(tag(one.mint(Kind::access, kSession, 1, nonce(2))), base);
  EXPECT_NE(tag(codec({key(1, 7)}).mint(Kind::access, kSession, 1, nonce(1))), base);
}

TEST(Token, AnotherNonceDoesNotFit) {
  TokenCodec one = codec({key(1)});
  const Token token = *read_token(one.mint(Kind::access, kSession, 1, nonce(1)));
  EXPECT_TRUE(one.fits(token, nonce(1)));
  for (std::size_t i = 0; i < 16; ++i) {
    Nonce other = nonce(1);
    other[i] ^= 0x80;
    EXPECT_FALSE(one.fits(token, other)) << i;
  }
}

rc::Gen<SessionId> any_session() {
  return rc::gen::map(rc::gen::arbitrary<std::int64_t>(),
                      [](std::int64_t id) { return SessionId{id & INT64_MAX}; });
}

RC_GTEST_PROP(Token, ComesBackAsItWent, ()) {
  const auto id = *rc::gen::inRange<int>(1, 256);
  TokenCodec one = codec({key(static_cast<std::uint8_t>(id))});
  const Kind kind = *rc::gen::element(Kind::access, Kind::refresh);
  const SessionId session = *any_session();
  const Generation generation = *rc::gen::element(0, 1, 12'345, kLastGeneration);
  const auto secret = *rc::gen::arbitrary<Nonce>();
  const std::string text = one.mint(kind, session, generation, secret);
  RC_ASSERT(text.size() == 47U);
  const auto token = read_token(text);
  RC_ASSERT(token.has_value());
  RC_ASSERT(token->kind == kind);
  RC_ASSERT(token->key == id);
  RC_ASSERT(token->session == session);
  RC_ASSERT(token->generation == generation);
  RC_ASSERT(one.check(*token) == Check::authentic);
  RC_ASSERT(one.fits(*token, secret));
}

// All of them: 47 places, 255 other bytes in each.
TEST(Token, AnySingleChangedByteIsRefused) {
  TokenCodec one = codec({key(1)});
  const std::string text = one.mint(Kind::access, kSession, kGeneration, nonce(1));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      if (changed == text) continue;
      const auto token = read_token(changed);
      if (token) EXPECT_NE(one.check(*token), Check::authentic) << at << " " << byte;
    }
  }
}

}  // namespace
}  // namespace latchkey::sessions
