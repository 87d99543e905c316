#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "outbound/oidc/claims.h"
#include "outbound/oidc/sign_ins_testing.h"
#include "platform/crypto/hash.h"
#include "platform/error_testing.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc::testing {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Why = providers::Failure::Why;

class OidcIdToken : public SignIns {};

// What a true ID token would not say. Each is refused for its own reason, and nobody is asked more.
TEST_F(OidcIdToken, BelievesNoLie) {
  constexpr std::int64_t now = kNowSeconds;
  const auto digest = crypto::sha256("access");
  const std::string hash = text::encode_base64url(std::span(digest).first(16));
  const struct {
    std::function<void(json::object&)> lie;
    const char* reason;
  } rows[] = {
      {[](auto&) {}, ""},
      {set("iss", "https://evil.example/"), "wrong_issuer"},
      {set("iss", 1), "wrong_issuer"},
      {erase("iss"), "wrong_issuer"},
      {[](auto& claims) { claims["iss"].as_string().pop_back(); }, "wrong_issuer"},
      {set("aud", "another"), "wrong_audience"},
      {set("aud", json::array{}), "wrong_audience"},
      {set("aud", json::array{"another"}), "wrong_audience"},
      {erase("aud"), "wrong_audience"},
      {set("aud", json::array{"latchkey"}), ""},
      {set("aud", json::array{"latchkey", "stranger"}), "other_audience"},
      {set("aud", json::array{"latchkey", "friend"}), "missing_azp"},
      {[](auto& claims) {
         claims["aud"] = json::array{"latchkey", "friend"};
         claims["azp"] = "friend";
       },
       "wrong_azp"},
      {[](auto& claims) {
         claims["aud"] = json::array{"friend", "latchkey"};
         claims["azp"] = "latchkey";
       },
       ""},
      {set("azp", "another"), "wrong_azp"},
      {set("azp", nullptr), "wrong_azp"},
      {set("azp", "latchkey"), ""},
      {set("exp", now - 60), "expired"},
      {set("exp", now - 59), ""},
      {set("exp", "tomorrow"), "missing_exp"},
      {set("exp", -1), "missing_exp"},
      {set("exp", 1e300), "missing_exp"},
      {set("exp", static_cast<double>(now) + 0.5), ""},
      {erase("exp"), "missing_exp"},
      {set("iat", now + 61), "issued_in_future"},
      {set("iat", now + 60), ""},
      {erase("iat"), "missing_iat"},
      {set("nbf", now + 61), "not_yet_valid"},
      {set("nbf", "never"), "not_yet_valid"},
      {set("nbf", now), ""},
      {set("nonce", "another"), "wrong_nonce"},
      {set("nonce", ""), "wrong_nonce"},
      {set("nonce", nullptr), "wrong_nonce"},
      {erase("nonce"), "missing_nonce"},
      {set("sub", ""), "missing_subject"},
      {set("sub", 7), "missing_subject"},
      {set("sub", json::string(256, 'a')), "missing_subject"},
      {set("sub", "\x1b[2J"), "missing_subject"},
      {erase("sub"), "missing_subject"},
      {set("sub", "s2"), "other_subject"},
      {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "wrong_at_hash"},
      {set("at_hash", nullptr), "wrong_at_hash"},
      {set("at_hash", hash.c_str()), ""},
      {set("auth_time", "yesterday"), "malformed_auth_time"},
      {set("auth_time", now), ""},
  };
  options.other_audiences = {"friend"};
  for (const auto& row : rows) {
    provider.change_claims = row.lie;
    json::object shown = provider.claims();
    row.lie(shown);
    SCOPED_TRACE(json::serialize(shown));
    const auto person = sign_in();
    EXPECT_EQ(reason(person), row.reason);
    if (!person) {
      EXPECT_EQ(error_of(person).why, Why::not_believed);
    }
  }
}

// The provider's published key as the secret of an HMAC, in the forms in which a careless verifier
// has it: of somebody who can put an ID token of their own in the provider's place.
TEST_F(OidcIdToken, BelievesNoHmacWithThePublicKey) {
  options.id_token_algorithms.emplace_back("HS256");
  const json::object jwk = provider.signing_key.public_jwk();
  for (const std::string& secret :
       {json::serialize(jwk), std::string(jwk.at("x").as_string()),
        std::string(text::decode_base64url(jwk.at("x").as_string()).value()), std::string()}) {
    provider.sign = [&](const json::object& claims) {
      return jose::sign(jose::Key::of_secret(Secret(secret)), claims, "JWT");
    };
    EXPECT_EQ(reason(sign_in()), "wrong_signature") << secret;
  }
}

TEST_F(OidcIdToken, BelievesAnHmacOnlyWhereItIsListed) {
  provider.sign = [](const json::object& claims) {
    return jose::sign(jose::Key::of_secret(Secret(kSecret)), claims, "JWT");
  };
  EXPECT_EQ(reason(sign_in()), "algorithm_not_allowed");
  provider.sign = [this](const json::object& claims) {
    const std::string jwk = json::serialize(provider.signing_key.public_jwk());
    return jose::sign(jose::Key::of_secret(Secret(jwk)), claims, "JWT");
  };
  EXPECT_EQ(reason(sign_in()), "algorithm_not_allowed");
}

TEST_F(OidcIdToken, BelievesAListedHmacOfTheClientSecret) {
  options.id_token_algorithms = {"HS256"};
  provider.sign = [](const json::object& claims) {
    return jose::sign(jose::Key::of_secret(Secret(kSecret)), claims, "JWT");
  };
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(provider.count("/keys"), 0);
  provider.sign = [&](const json::object& claims) {
    return jose::sign(provider.signing_key, claims, "JWT");
  };
  EXPECT_EQ(reason(sign_in()), "algorithm_not_allowed");
}

TEST_F(OidcIdToken, BelievesNoTokenOfAnotherForm) {
  const auto headed = [this](const char* header) {
    return [this, header](const json::object& claims) {
      std::string token = jose::sign(provider.signing_key, claims, "JWT");
      return text::encode_base64url(std::string_view(header)) + token.substr(token.find('.'));
    };
  };
  const struct {
    std::function<std::string(json::object)> sign;
    const char* reason;
  } rows[] = {
      {headed(R"({"alg":"none"})"), "algorithm_not_allowed"},
      {headed(R"({"alg":"None"})"), "algorithm_not_allowed"},
      {headed(R"({"typ":"JWT"})"), "algorithm_not_allowed"},
      {headed(R"({"alg":"HS256"})"), "algorithm_not_allowed"},
      {headed(R"({"alg":"ES384"})"), "unknown_key"},
      {headed(R"({"alg":"RS256"})"), "unknown_key"},
      {headed(R"({"alg":"ES256","kid":"another"})"), "unknown_key"},
      {headed(R"({"alg":"ES256","kid":7})"), "unknown_key"},
      {headed(R"({"alg":"ES256","crit":["exp"]})"), "critical_header"},
      {headed(R"({"alg":"ES256","typ":"at+jwt"})"), "wrong_type"},
      {headed(R"({"alg":"ES256","typ":"logout+jwt"})"), "wrong_type"},
      {headed(R"({"alg":"ES256","typ":7})"), "wrong_type"},
      {headed(R"({"alg":"ES256","jwk":{"kty":"oct","k":"AA"}})"), "wrong_signature"},
      {[](const json::object& claims) {
         return text::encode_base64url(std::string_view(R"({"alg":"none"})")) + "." +
                text::encode_base64url(json::serialize(claims)) + ".";
       },
       "algorithm_not_allowed"},
      {[](const json::object& claims) { return json::serialize(claims); }, "malformed_token"},
      {[](const json::object&) { return std::string("a.b.c"); }, "malformed_token"},
      {[](const json::object&) { return std::string(20'000, 'a'); }, "malformed_token"},
      {[](const json::object&) { return std::string(); }, "missing_id_token"},
      // Of a key of somebody else's, under the name of the true one.
      {[this](const json::object& claims) {
         auto jwk =
             text::parse_object(jose::Key::generate(jose::Algorithm::es256).private_jwk().reveal())
                 .value();
         jwk["kid"] = provider.signing_key.id();
         return jose::sign(*jose::Key::read(jwk), claims, "JWT");
       },
       "wrong_signature"},
  };
  for (const auto& row : rows) {
    provider.sign = row.sign;
    EXPECT_EQ(reason(sign_in()), row.reason) << row.sign(provider.claims());
  }
}

TEST_F(OidcIdToken, TakesNoAlgorithmThatIsNotListed) {
  options.id_token_algorithms = {"RS256"};
  EXPECT_EQ(reason(sign_in()), "algorithm_not_allowed");
}

TEST_F(OidcIdToken, SaysWhenSomebodyHasSignedInAnew) {
  clock.advance(999ms);  // it has whole seconds
  const std::int64_t now = std::chrono::seconds(clock.now().time_since_epoch() / 1s).count();
  const struct {
    json::value at;
    const char* reason;
  } rows[] = {
      {now, ""},
      {now - 60, ""},
      {now - 61, "old_authentication"},
      {0, "old_authentication"},
      {nullptr, "missing_auth_time"},
      {"now", "missing_auth_time"},
  };
  for (const auto& row : rows) {
    provider.change_claims = [&](json::object& claims) { claims["auth_time"] = row.at; };
    const auto person = sign_in(true);
    EXPECT_EQ(reason(person), row.reason) << row.at;
    if (!person) {
      EXPECT_EQ(error_of(person).why, Why::not_fresh);
    }
  }
  provider.change_claims = [](auto&) {};
  EXPECT_EQ(reason(sign_in(true)), "missing_auth_time");
  EXPECT_EQ(query["max_age"], "0");
  EXPECT_EQ(query["prompt"], "login");
  provider.change_claims = [&](json::object& claims) { claims["auth_time"] = now - 3600; };
  EXPECT_EQ(sign_in()->authenticated_at, Time{std::chrono::seconds(now - 3600)});
}

TEST_F(OidcIdToken, AsksForAWayOfSigningInAndSeesThatItWasTaken) {
  options.acr_values = {"gold"};
  options.acr_required = true;
  EXPECT_EQ(reason(sign_in()), "wrong_acr");
  provider.change_claims = [](json::object& claims) { claims["acr"] = "gold"; };
  EXPECT_EQ(reason(sign_in()), "");
}

}  // namespace
}  // namespace latchkey::outbound::oidc::testing
