#include "platform/jose/jws.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "platform/crypto/hash.h"
#include "platform/text/base64.h"

namespace latchkey::jose {
namespace {

namespace json = boost::json;
using text::encode_base64url;

const Key& rsa() {
  static const Key key = Key::generate(Algorithm::rs256);
  return key;
}
const Key& ec() {
  static const Key key = Key::generate(Algorithm::es256);
  return key;
}

std::optional<Fault> fault(std::string_view token, const Key& key, std::string_view type = "JWT") {
  const auto claims = verify(token, key, type);
  return claims ? std::nullopt : std::optional(claims.error());
}

struct Parts {
  std::string header;
  std::string body;
  std::string signature;
  std::string joined() const { return header + "." + body + "." + signature; }
};

Parts split(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1)};
}

// The same token under another header; its signature no longer fits, which is judged last.
std::string headed(const std::string& token, std::string_view header) {
  Parts parts = split(token);
  parts.header = encode_base64url(header);
  return parts.joined();
}

TEST(Jws, VerifiesWhatItSigned) {
  const json::object claims{{"sub", "alice"}, {"n", 1}};
  for (const Key* key : {&rsa(), &ec()}) {
    const std::string token = sign(*key, claims, "JWT");
    const auto read = read_unverified(token);
    ASSERT_TRUE(read);
    EXPECT_EQ(
        read->header,
        (json::object{{"alg", name_of(key->algorithm())}, {"typ", "JWT"}, {"kid", key->id()}}));
    EXPECT_EQ(read->claims, claims);
    for (const auto* type : {"JWT", "jwt", ""}) {
      const auto verified = verify(token, *key, type);
      ASSERT_TRUE(verified);
      EXPECT_EQ(*verified, claims);
    }
    EXPECT_EQ(fault(token, *key, "logout+jwt"), Fault::wrong_type);
  }
}

// RFC 7515 appendix A.3: made by somebody else.
TEST(Jws, VerifiesTheExampleOfTheSpecification) {
  const auto key = Key::read(
      json::parse(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                  R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})")
          .as_object());
  ASSERT_TRUE(key);
  const auto claims = verify(
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
      *key, "");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->at("iss").as_string(), "joe");
}

TEST(Jws, RefusesEveryOtherKeyAndAnyChange) {
  for (const Key* key : {&rsa(), &ec()}) {
    const std::string token = sign(*key, {{"sub", "alice"}}, "JWT");
    EXPECT_EQ(fault(token, Key::generate(key->algorithm())), Fault::wrong_key);
    EXPECT_EQ(fault(token, key == &ec() ? rsa() : ec()), Fault::wrong_algorithm);
    Parts parts = split(token);
    parts.body = encode_base64url(R"({"sub":"mallory"})");
    EXPECT_EQ(fault(parts.joined(), *key), Fault::wrong_signature);
    parts = split(token);
    std::string signature = *text::decode_base64url(parts.signature);
    for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
      std::string changed = signature;
      changed[at] ^= 1;
      parts.signature = encode_base64url(changed);
      EXPECT_EQ(fault(parts.joined(), *key), Fault::wrong_signature) << at;
    }
    for (const std::string& other : {std::string(), signature + '\0', signature.substr(1),
                                     std::string(64, '\0'), std::string(256, '\0')}) {
      parts.signature = encode_base64url(other);
      EXPECT_EQ(fault(parts.joined(), *key), Fault::wrong_signature) << other.size();
    }
  }
}

// The key is the same, so that the signature decides.
TEST(Jws, RefusesASignatureOfAnotherKeyUnderTheSameName) {
  auto jwk = Key::generate(Algorithm::es256).public_jwk();
  jwk["kid"] = ec().id();
  EXPECT_EQ(fault(sign(ec(), {}, "JWT"), *Key::read(jwk)), Fault::wrong_signature);
}

TEST(Jws, RefusesAlgorithmsThatTheKeyIsNotFor) {
  const std::string token = sign(rsa(), {{"sub", "alice"}}, "JWT");
  for (const auto* header : {R"({"alg":"none","typ":"JWT"})", R"({"alg":"None","typ":"JWT"})",
                             R"({"alg":"","typ":"JWT"})", R"({"typ":"JWT"})",
                             R"({"alg":null,"typ":"JWT"})", R"({"alg":["RS256"],"typ":"JWT"})",
                             R"({"alg":"HS256","typ":"JWT"})", R"({"alg":"RS384","typ":"JWT"})",
                             R"({"alg":"PS256","typ":"JWT"})", R"({"alg":"ES256","typ":"JWT"})",
                             R"({"alg":"rs256","typ":"JWT"})", R"({"alg":"RS256 ","typ":"JWT"})"}) {
    EXPECT_EQ(fault(headed(token, header), rsa()), Fault::wrong_algorithm) << header;
  }
  Parts unsigned_token = split(headed(token, R"({"alg":"none","typ":"JWT"})"));
  unsigned_token.signature.clear();
  EXPECT_EQ(fault(unsigned_token.joined(), rsa()), Fault::wrong_algorithm);
}

// The public key as the secret of an HMAC, in the forms in which a careless verifier has it.
TEST(Jws, RefusesAnHmacWithThePublicKey) {
  const std::string header = R"({"alg":"HS256","typ":"JWT"})";
  for (const std::string& secret :
       {json::serialize(rsa().public_jwk()), std::string(rsa().public_jwk().at("n").as_string())}) {
    const std::string input =
        encode_base64url(header) + "." + encode_base64url(R"({"sub":"mallory"})");
    const auto mac =
        crypto::HmacSha256(
            std::span(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()))
            .mac(input);
    EXPECT_EQ(fault(input + "." + encode_base64url(mac), rsa()), Fault::wrong_algorithm);
  }
}

TEST(Jws, RefusesHeadersThatTwoReadersTakeDifferently) {
  const std::string token = sign(rsa(), {{"sub", "alice"}}, "JWT");
  const struct {
    const char* header;
    Fault fault;
  } rows[] = {
      {R"({"alg":"RS256","alg":"none","typ":"JWT"})", Fault::malformed},
      {R"({"alg":"none","alg":"RS256","typ":"JWT"})", Fault::malformed},
      {R"({"alg":"RS256","typ":"JWT"} x)", Fault::malformed},
      {R"(["RS256"])", Fault::malformed},
      {R"()", Fault::malformed},
      {"{\"alg\":\"RS256\",\"typ\":\"\xff\"}", Fault::malformed},
      {R"({"alg":"RS256","typ":"JWT","crit":["exp"],"exp":1})", Fault::critical},
      {R"({"alg":"RS256","typ":"JWT","crit":[]})", Fault::critical},
      {R"({"alg":"RS256","typ":"JWT","crit":"b64","b64":false})", Fault::critical},
      {R"({"alg":"RS256","typ":"JWT","b64":false})", Fault::critical},
      {R"({"alg":"RS256","typ":"JWT","zip":"DEF"})", Fault::critical},
      {R"({"alg":"RS256","typ":"JWT","kid":"another"})", Fault::wrong_key},
      {R"({"alg":"RS256","typ":"JWT","kid":""})", Fault::wrong_key},
      {R"({"alg":"RS256","typ":"JWT","kid":null})", Fault::wrong_key},
      {R"({"alg":"RS256","typ":["JWT"]})", Fault::wrong_type},
      {R"({"alg":"RS256"})", Fault::wrong_type},
      {R"({"alg":"RS256","typ":"at+jwt"})", Fault::wrong_type},
      // Without a kid the caller vouches for the key; a header that was changed does not fit.
      {R"({"alg":"RS256","typ":"JWT"})", Fault::wrong_signature},
      {R"({"alg":"RS256","typ":"JWT","jwk":{"kty":"oct","k":"AA"}})", Fault::wrong_signature},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(fault(headed(token, row.header), rsa()), row.fault) << row.header;
  }
}

TEST(Jws, RefusesEveryOtherForm) {
  const std::string token = sign(ec(), {{"sub", "alice"}}, "JWT");
  const Parts parts = split(token);
  for (const std::string& other :
       {std::string(),
        std::string("."),
        std::string(".."),
        std::string("..."),
        token + ".",
        token + "." + parts.signature,
        "." + token,
        token + " ",
        " " + token,
        token + "\n",
        token + "=",
        token + "==",
        parts.header + "=." + parts.body + "." + parts.signature,
        parts.header + "." + parts.body + "=." + parts.signature,
        parts.header + "." + parts.body,
        parts.header + ".." + parts.signature,
        "." + parts.body + "." + parts.signature,
        parts.header + "." + encode_base64url("[1]") + "." + parts.signature,
        parts.header + "." + encode_base64url(R"({"a":1,"a":2})") + "." + parts.signature,
        std::string("{\"payload\":\"\",\"signatures\":[]}"),
        std::string(kMaxToken + 1, 'a'),
        token + std::string(1, '\0')}) {
    EXPECT_EQ(fault(other, ec()), Fault::malformed) << other.substr(0, 40);
    EXPECT_FALSE(read_unverified(other));
  }
  // Stray bits in the last character of the signature: 64 bytes leave four.
  Parts stray = parts;
  const std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  stray.signature.back() = alphabet[alphabet.find(stray.signature.back()) | 1];
  EXPECT_EQ(fault(stray.joined(), ec()), Fault::malformed);
}

TEST(Jws, IsNotReadWhenItIsLongerThanAnyTokenOfAClient) {
  const std::string token = sign(ec(), {{"sub", std::string(1 << 20, 'x')}}, "JWT");
  EXPECT_EQ(fault(token, ec()), Fault::malformed);
  EXPECT_FALSE(read_unverified(token));
}

TEST(Jws, SignsWithPrivateKeysAlone) {
  const auto shown = Key::read(ec().public_jwk());
  EXPECT_THROW(sign(*shown, {}, "JWT"), std::runtime_error);
}

// A signature's numbers that begin with zeros keep their length.
TEST(Jws, EverySignatureOfACurveHas64Bytes) {
  for (int i = 0; i < 1000; ++i) {
    const std::string token = sign(ec(), {{"i", i}}, "JWT");
    ASSERT_EQ(text::decode_base64url(split(token).signature).value().size(), 64u);
    ASSERT_FALSE(fault(token, ec()));
  }
}

TEST(Jws, ThreadsShareAKey) {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          if (fault(sign(rsa(), {{"i", i}}, "JWT"), rsa())) ++wrong;
          if (fault(sign(ec(), {{"i", i}}, "JWT"), ec())) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace latchkey::jose
