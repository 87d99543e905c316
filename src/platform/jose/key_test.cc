#include "platform/jose/key.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "platform/error_testing.h"
#include "platform/jose/jws.h"

namespace latchkey::jose {
namespace {

namespace json = boost::json;

json::object object(std::string_view text) { return json::parse(text).as_object(); }

const Key& rsa() {
  static const Key key = Key::generate(Algorithm::rs256);
  return key;
}

TEST(Key, KnowsItsAlgorithmsByName) {
  EXPECT_EQ(algorithm_of("RS256"), Algorithm::rs256);
  EXPECT_EQ(algorithm_of("ES256"), Algorithm::es256);
  for (const auto* name : {"RS384", "PS256", "PS512", "ES512", "EdDSA", "Ed25519", "HS256"}) {
    ASSERT_TRUE(algorithm_of(name)) << name;
    EXPECT_EQ(name_of(*algorithm_of(name)), name);
  }
  for (const auto* name : {"", "none", "None", "rs256", "HS512", "ES256K"}) {
    EXPECT_FALSE(algorithm_of(name)) << name;
  }
}

// RFC 7638 section 3.1.
TEST(Key, IsNamedByItsThumbprint) {
  EXPECT_EQ(
      thumbprint(object(
          R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT)"
          R"(86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXAr)"
          R"(wl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q)"
          R"(MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBn)"
          R"(iIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"x"})")),
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(rsa().id(), thumbprint(rsa().public_jwk()));
}

TEST(Key, PublishesNothingPrivate) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256}) {
    const Key key = Key::generate(algorithm);
    const auto shown = key.public_jwk();
    for (const auto* name : {"d", "p", "q", "dp", "dq", "qi", "k"}) {
      EXPECT_FALSE(shown.contains(name)) << name;
    }
    EXPECT_EQ(shown.at("kid").as_string(), key.id().c_str());
    EXPECT_EQ(shown.at("use").as_string(), "sig");
    EXPECT_EQ(shown.at("alg").as_string(), name_of(algorithm).data());
    const auto read = Key::read(shown);
    ASSERT_TRUE(read) << error_of(read);
    EXPECT_FALSE(read->can_sign());
    EXPECT_EQ(read->public_jwk(), shown);
  }
}

TEST(Key, ComesBackFromItsPrivateForm) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256}) {
    const Key key = Key::generate(algorithm);
    const auto read = Key::read(object(key.private_jwk().reveal()));
    ASSERT_TRUE(read) << error_of(read);
    EXPECT_TRUE(read->can_sign());
    EXPECT_EQ(read->algorithm(), algorithm);
    EXPECT_EQ(read->public_jwk(), key.public_jwk());
    EXPECT_TRUE(verify(sign(*read, {{"a", 1}}, "JWT"), key, "JWT"));
  }
}

// A number that begins with zeros keeps its length.
TEST(Key, OfACurveAlwaysHas32Bytes) {
  for (int i = 0; i < 600; ++i) {
    const Key key = Key::generate(Algorithm::es256);
    ASSERT_TRUE(Key::read(key.public_jwk()));
    ASSERT_TRUE(Key::read(object(key.private_jwk().reveal())));
  }
}

TEST(Key, RefusesWhatIsNoSigningKey) {
  const auto ec = Key::generate(Algorithm::es256).public_jwk();
  const auto with = [](json::object jwk, std::string_view name, const json::value& value) {
    jwk[name] = value;
    return jwk;
  };
  const auto without = [](json::object jwk, std::string_view name) {
    jwk.erase(name);
    return jwk;
  };
  const json::string n = rsa().public_jwk().at("n").as_string();
  json::string padded = ec.at("x").as_string();
  padded += "=";
  const json::object refused[] = {
      {},
      object(R"({"kty":"oct","k":"c2VjcmV0"})"),
      object(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
      with(ec, "kty", "RSA"),
      with(ec, "crv", "P-384"),
      with(ec, "x", ec.at("y")),  // not on the curve
      with(ec, "x", "AAAA"),
      with(ec, "x", padded),
      without(ec, "y"),
      without(ec, "crv"),
      with(ec, "use", "enc"),
      with(ec, "alg", "RS256"),
      with(ec, "alg", "HS256"),
      with(ec, "kid", 7),
      with(ec, "d", 7),
      with(ec, "key_ops", json::array{"encrypt"}),
      with(rsa().public_jwk(), "n", json::string(n.subview(0, 128))),
      with(rsa().public_jwk(), "n", ""),
      with(rsa().public_jwk(), "e", "AQ"),  // 1
      with(rsa().public_jwk(), "e", "AA"),
      with(rsa().public_jwk(), "e", "Ag"),  // 2
      with(rsa().public_jwk(), "alg", "RS512"),
      without(rsa().public_jwk(), "e"),
  };
  for (const auto& jwk : refused) {
    const auto read = Key::read(jwk);
    EXPECT_FALSE(read) << json::serialize(jwk);
    if (!read) {
      EXPECT_FALSE(error_of(read).empty());
    }
  }
}

}  // namespace
}  // namespace latchkey::jose
