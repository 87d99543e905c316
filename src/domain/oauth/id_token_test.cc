#include "domain/oauth/id_token.h"

#include <gtest/gtest.h>

#include <vector>

#include "platform/error_testing.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Time kNow = from_millis(1'700'000'000'900);
constexpr std::string_view kIssuer = "https://account.example.org/";

IdTokenFacts facts() {
  return {.issuer = std::string(kIssuer),
          .client_id = "app",
          .user = UserId{7},
          .person = {{"preferred_username", "alice"}, {"name", "Alice A."}},
          .session = SessionId{9},
          .authenticated = {.at = kNow - 5min},
          .nonce = "n-0S6_WzA2Mj",
          .access_token = "lka_token",
          .code = "code"};
}

const jose::Key& key() {
  static const jose::Key key = jose::Key::generate(jose::Algorithm::es256);
  return key;
}

TEST(IdToken, SaysWhatTheSpecificationWants) {
  EXPECT_EQ(id_token_claims(facts(), kNow), (json::object{{"iss", kIssuer},
                                                          {"sub", "0000000000007"},
                                                          {"aud", "app"},
                                                          {"exp", 1'700'003'600},
                                                          {"iat", 1'700'000'000},
                                                          {"auth_time", 1'699'999'700},
                                                          {"sid", "0000000000009"},
                                                          {"at_hash", half_hash("lka_token")},
                                                          {"preferred_username", "alice"},
                                                          {"name", "Alice A."},
                                                          {"acr", "1"},
                                                          {"amr", json::array{"pwd"}},
                                                          {"nonce", "n-0S6_WzA2Mj"},
                                                          {"c_hash", half_hash("code")}}));
}

TEST(IdToken, SaysNothingOfAMethodThatItDoesNotKnow) {
  auto newer = facts();
  newer.authenticated.by = signin::AuthMethod{7};
  EXPECT_FALSE(id_token_claims(newer, kNow).contains("amr"));
  EXPECT_FALSE(id_token_claims(newer, kNow).contains("acr"));
}

TEST(IdToken, OfARefreshHasNoNonceAndNoCode) {
  auto refreshed = facts();
  refreshed.nonce.reset();
  refreshed.code.reset();
  const auto claims = id_token_claims(refreshed, kNow);
  EXPECT_FALSE(claims.contains("nonce"));
  EXPECT_FALSE(claims.contains("c_hash"));
  EXPECT_TRUE(claims.contains("at_hash"));
}

// OpenID Connect Core 1.0 appendices A.3 and A.4.
TEST(IdToken, HashesAsTheExamplesOfTheSpecification) {
  EXPECT_EQ(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
  EXPECT_EQ(half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA");
}

TEST(IdTokenHint, SaysWhoseItWasEvenLongAfter) {
  const std::vector keys{jose::Key::generate(jose::Algorithm::es256), key()};
  const auto token = jose::sign(key(), id_token_claims(facts(), kNow - 1000h), kIdTokenType);
  const auto hint = read_id_token_hint(token, keys, kIssuer);
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->user, UserId{7});
  EXPECT_EQ(hint->client_id, "app");
  EXPECT_EQ(hint->session, SessionId{9});
}

TEST(IdTokenHint, IsRefusedWhenItIsNotOneOfOurs) {
  const auto claims = id_token_claims(facts(), kNow);
  const auto with = [&](std::string_view name, const json::value& value) {
    auto changed = claims;
    changed[name] = value;
    return jose::sign(key(), changed, kIdTokenType);
  };
  const std::string good = jose::sign(key(), claims, kIdTokenType);
  const auto body = good.find('.') + 1;
  const std::string unsigned_one =
      text::encode_base64url(R"({"alg":"none","kid":")" + key().id() + R"("})") + "." +
      good.substr(body, good.rfind('.') - body) + ".";
  const struct {
    std::string token;
    HintFault fault;
  } rows[] = {
      {"", HintFault::malformed},
      {"x.y.z", HintFault::malformed},
      {good + "=", HintFault::malformed},
      {unsigned_one, HintFault::unknown_key},
      {good.substr(0, body) + text::encode_base64url(R"({"sub":"0000000000008"})") +
           good.substr(good.rfind('.')),
       HintFault::unknown_key},
      {jose::sign(jose::Key::generate(jose::Algorithm::es256), claims, kIdTokenType),
       HintFault::unknown_key},
      {jose::sign(jose::Key::generate(jose::Algorithm::rs256), claims, kIdTokenType),
       HintFault::unknown_key},
      {jose::sign(key(), claims, "logout+jwt"), HintFault::foreign},
      {with("iss", "https://account.example.org"), HintFault::foreign},
      {with("iss", nullptr), HintFault::foreign},
      {with("sub", "alice"), HintFault::foreign},
      {with("sub", "000000000000o"), HintFault::foreign},
      {with("sub", 7), HintFault::foreign},
      {with("aud", ""), HintFault::foreign},
      {with("aud", json::array{"app", "other"}), HintFault::foreign},
      {with("exp", "soon"), HintFault::foreign},
  };
  const std::vector keys{key()};
  EXPECT_TRUE(read_id_token_hint(good, keys, kIssuer));
  for (const auto& row : rows) {
    const auto hint = read_id_token_hint(row.token, keys, kIssuer);
    ASSERT_FALSE(hint) << row.token;
    EXPECT_EQ(error_of(hint), row.fault) << row.token;
  }
  EXPECT_EQ(error_of(read_id_token_hint(good, {}, kIssuer)), HintFault::unknown_key);
}

}  // namespace
}  // namespace latchkey::oauth
