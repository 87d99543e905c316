#include "platform/jose/jws.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "platform/crypto/hash.h"
#include "platform/error_testing.h"
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
  return claims ? std::nullopt : std::optional(error_of(claims));
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

// Made by PyJWT 2.6 (the last by hand), each over {"sub":"alice"}.
constexpr const char* kRsaKey =
    R"({"kty":"RSA","n":"pHQSWuCWvEI0s6c16Cc5MxIAfaphGLJuKidHaexffhtYkKhFXkC9iSl6k5lKU_qfBz)"
    R"(ULuRWbom2tg6E_dgTzi4NyaDcVJH6E7X5ZTknHfYRsaDNqqkMmcjc6SfT_9SsXAGcwEzcGhVj9P6rBfNbIGt)"
    R"(WjCipDCw4zlqNw9aGVRm2a3DBgdZXoqc2V3pr7IJrve3KtGkY6BXwMRPoZ6vnjR3_6kz0Atx3rhKi4xzUd1N)"
    R"(6MMxlNmvmod8EhkRd1jOkOnV2O4Qd1VdwH5PyAyM3u6vNbOs2ptLFFrY3e2MYjA8f-vtK_McrY8d8sOkXOCW)"
    R"(qJvJJiHNfQXVsxOyPigOLHXQ","e":"AQAB"})";
struct Vector {
  const char* algorithm;
  const char* key;
  const char* token;
};
const Vector kVectors[] = {
    {"RS384", kRsaKey,
     "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.KpXEmLgOI-X_D_iPt7hqyebWh_"
     "BrBKO_1AOD2DRiD_3rhI1gT5bxz3bP_FTVSQnmLYoYaWwcnSI4576XlNwPJFfP_kislHXuyit4PH5sKIpMDf"
     "TJbqXE2aeemVxij1Rdm3K3rHscGmlMv2yBJnZnHtw_10bHver90GvyOhwAnwx91Q_B9tk068TsoOS1WaOaFH"
     "e9WnhlmdlDbdNymEv7j3NH27v16XVYVEolWPgfcoCjUAbZtK_IRxOs09E9pK4Jl3XSYCmdnvj7X3J7tL0Yq6"
     "OjyE1P7SiC5NT5ZjpvK-cjsDPWMCtTQOzxJniznNQsremp-F4B-x-qKwBTJxi0eA"},
    {"RS512", kRsaKey,
     "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.hWfxedFyG23x_WtgC2lDXJRFGB"
     "q-0AkRqV78urSmMpLHSDgFwRt3tuivQEWm3i1smASynnMqnLGhzgmXn5vfJXKfM_nprnHNxh2nEiheCk0ybe"
     "EfOT5hW6ugwcCjXN2d60tpfpDNTTgWgFFkMtWqMsQnamoHDWfltIn35M4r6Y4Y4lkwwUup0mwiQF7uLw7DaW"
     "lKfA1kdZ131cu79YAl4P4cCvLo13gufAV5DEoQM2NGx5vv588nNn70CtuNlhi3w-PZpmCo4q6zRvlCi3y531"
     "_9H7dKJ3qSiIChJgNH3RyQEmo7fcxVfdMJMuJe1puuwEja2CJlCMI1wNau5fbnfw"},
    {"PS256", kRsaKey,
     "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.jX-ZmbmpJtlo555DDvCbnWbVZ1"
     "p94rbcZxEFizGn81p8VcK372fx2s6j3JQSozUbFeXfmmJYEdp0fnK0CCViJemIqF2hdEejIASyQrlbdYzSub"
     "pIyG5kjZ6lHuKNESB8PFR3prn0xnnNEcQ06T7_3LvOi_cR-cZdY1O0dmbhaNSA0kWtk9e7NMumwFd3DNcYgn"
     "TbxVuBXviBCqDuOkgifMOAwFWOvWw6HDZeAanMmJuH-o9Zm6jcPxKroJfYRZMrAAikhmsfcS5PrdwV4rSWVD"
     "N8swibddlhXcgOrsjhFCx2cuAFsrzfsRB1vE7l41BCkBiHCTd0YOd00Y98FpzLOg"},
    {"PS384", kRsaKey,
     "eyJhbGciOiJQUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.LbcAFYxviSMIeSHPXrTM5QV4AK"
     "TR57uZD3gitCszDC3X-F4bhuRSIcL8gxiUvbZHq1GNPyxDTrLFoZ8NV-2x8QJGeZPQYJ10htj-0Lw1P1de-B"
     "Fqws7nFlCLr8iyTHwqWKDOucb64m8EvaUM5YwGOwqO5ZbyEZWfLdBavjZvRKigMDp8-j4zAQhHUemSOJ78uF"
     "fKbgoKCskqPWYdSizTt9mKOKHezTuW5EMQ5KAt5YsBOoAjaNbt51GyY8VcvyB8kSd057BkbBToRQaWdoqyQW"
     "D2ycPA_-FkWHdtNfdJnrlAZLHVsktSs9V_k5R6bgeEWhaOe5H3yweJtIwGmzvQXQ"},
    {"PS512", kRsaKey,
     "eyJhbGciOiJQUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.Zl1Or3xMO4cD33400-8Raatl0W"
     "kHz8iFDVsdK8mSEZjPKUkO918F_nLVmyAecVMHTgOfEnyGHg1nJ-vhd1T0ZTpWTOgSmDU1M9TOxDaQZLJvhU"
     "axem7_4VjvdNmFmtHuqhJ34Ayk_yis4jpFP_pc8s6-oHSPhmpnTk2y28YE1Ti2qYTnO2i1fSNDOn5Tq6CbJC"
     "xnfTPZT64pCmkTG7nd0IvJ9OLnGg2Ja5xNKD0FnGbjkIFP403jEjijRO5H2vTspdN1WAi2ipJhORpCmIrct9"
     "el7EKCoCyC88j6N0GFG3cWkQDVBSORt8k7Z3xnDkPeUcdM_Cy3e-sZb0AgXrZz2Q"},
    {"ES384",
     R"({"kty":"EC","crv":"P-384","x":"LS38aQNFtCmsiI5u8yb5mKIryzhx0n5y7OiGhUpjmVK0eybzy_YOj)"
     R"(XdQ9mwu_TyL","y":"Yd1x8qKMe10C-MExWdxDLwIqc9xtrQBp-niPfD1zw4NPQYZbDB-Y9x2D5Ao5LE4D"})",
     "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.YpQ8U0QJjc14-ERfAUrhA5io_w"
     "xeTH4TsUvvpxPgnz3NgjpDVAmg-U4vnZ1QI8xs_r_-B9l0xW-z1gWzEVAQnhhafGSCH3YNcQmeS29-HQZKhE"
     "Vx-F4RaupWfWboqmVF"},
    {"ES512",
     R"({"kty":"EC","crv":"P-521","x":"AfMoHOAHZbOClkrsV-vU_-NRfwEIUkl19Yp40SouFIzq6uP0Ed-8A)"
     R"(Ebm7NoTFzCd0I_UwfFsTUowmsU2X3oZfg9G","y":"AWtTAuLyFbFO3YOT9xfvN4SabydR1YLgkzct1uMGUn)"
     R"(SYEjngTC-WSKdDMNwbuL-SZDU_lXxQZ5qIbD5ECmhdF6Wq"})",
     "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.ASQI3N2mI0-Tjw2JIyRF793a0R"
     "a-LDaj5rxrjLsC0e-7CbyR8d-BDt3dANkQ37uO46lXF-74LFttTP0FVR3Pt9swALvzoGT26rcU8TNkbDNFph"
     "38-vkL6ZDb3f8eJveYF_ApEZehRkPAFdcLjcp-hdOIzHsELWXc1Gcu7l6APB6-gQRU"},
    {"EdDSA", R"({"kty":"OKP","crv":"Ed25519","x":"wkfcmv_b21QW2VTi3kdghSXouOXxEs-FLVZ8c7YDQi0"})",
     "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.8CcfYQX0TEEr_wxypD2y7qMOKG"
     "xtQPLBIwJQoRrXI3HX0PR9gc596AiRN-dPhAa4f25bnZwpdiNQaj3elMvzAg"},
    {"Ed25519",
     R"({"kty":"OKP","crv":"Ed25519","x":"LTysfB0e6LdFypCwwt8rMmYinB5vXxtUkvOa4yGedvk"})",
     "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbGljZSJ9.kHIitPmLFujVjQqCFG-7vhA"
     "HeRzwOz5e05Mw3p8tyObAkR_yKpjjfqhCMVgqHbib1MQq2puCSMuyVn5F2o-VBQ"},
};

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

// The key's algorithm is the caller's choice; the token has to agree.
TEST(Jws, VerifiesWhatOthersSign) {
  for (const Vector& vector : kVectors) {
    SCOPED_TRACE(vector.algorithm);
    const auto jwk = json::parse(vector.key).as_object();
    const auto key = Key::read(jwk, *algorithm_of(vector.algorithm));
    ASSERT_TRUE(key) << error_of(key);
    const auto claims = verify(vector.token, *key, "JWT");
    ASSERT_TRUE(claims);
    EXPECT_EQ(*claims, (json::object{{"sub", "alice"}}));
    Parts parts = split(vector.token);
    parts.body = encode_base64url(R"({"sub":"mallory"})");
    EXPECT_EQ(fault(parts.joined(), *key), Fault::wrong_signature);
    parts = split(vector.token);
    std::string signature = *text::decode_base64url(parts.signature);
    for (const std::string& other : {std::string(), signature + '\0', signature.substr(1),
                                     std::string(signature.size(), '\0')}) {
      parts.signature = encode_base64url(other);
      EXPECT_EQ(fault(parts.joined(), *key), Fault::wrong_signature) << other.size();
    }
    for (const auto* other :
         {"RS256", "RS384", "PS256", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"}) {
      const auto another = Key::read(jwk, *algorithm_of(other));
      if (!another || other == std::string_view(vector.algorithm)) continue;
      EXPECT_EQ(fault(vector.token, *another), Fault::wrong_algorithm) << other;
    }
    EXPECT_FALSE(Key::read(jwk, Algorithm::hs256)) << "what is published is no secret";
  }
}

// RFC 7515 appendix A.1 has the form; the secret is of both sides.
TEST(Jws, KnowsAnHmacByItsSecret) {
  const Key key = Key::of_secret(Secret("a secret of both"));
  const std::string token = sign(key, {{"sub", "alice"}}, "JWT");
  EXPECT_TRUE(verify(token, key, "JWT"));
  EXPECT_EQ(fault(token, Key::of_secret(Secret("another"))), Fault::wrong_signature);
  EXPECT_EQ(fault(token, ec()), Fault::wrong_algorithm);
  EXPECT_EQ(fault(sign(ec(), {}, "JWT"), key), Fault::wrong_algorithm);
  Parts parts = split(token);
  parts.signature.clear();
  EXPECT_EQ(fault(parts.joined(), key), Fault::wrong_signature);
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
