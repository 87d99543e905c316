#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "outbound/oidc/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/jose/jws.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc::testing {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Why = providers::Failure::Why;
using ::testing::HasSubstr;

class OidcDocuments : public SignIns {};

TEST_F(OidcDocuments, KnowsKeysOfEachKind) {
  const json::object rsa =
      text::parse_object(jose::Key::generate(jose::Algorithm::rs256).private_jwk().reveal())
          .value();
  for (const auto* name : {"RS256", "RS512", "PS256", "PS384"}) {
    const auto key = jose::Key::read(rsa, *jose::algorithm_of(name)).value();
    provider.keys.push_back(key.public_jwk());
    provider.keys.back()["kid"] = name;
    auto named = rsa;
    named["kid"] = name;
    provider.sign = [key = jose::Key::read(named, *jose::algorithm_of(name)).value()](
                        const json::object& claims) { return jose::sign(key, claims, "JWT"); };
    clock.advance(31s);
    EXPECT_EQ(reason(sign_in()), "") << name;
  }
}

TEST_F(OidcDocuments, KnowsKeysWithoutNames) {
  auto first = jose::Key::generate(jose::Algorithm::es256).public_jwk();
  auto second = provider.signing_key.public_jwk();
  first.erase("kid");
  second.erase("kid");
  provider.keys = {first, {{"kty", "unknown"}}, second};
  auto unnamed = text::parse_object(provider.signing_key.private_jwk().reveal()).value();
  unnamed.erase("kid");
  provider.sign = [key = jose::Key::read(unnamed).value()](const json::object& claims) {
    return jose::sign(key, claims, "JWT");
  };
  EXPECT_EQ(reason(sign_in()), "");
  // One of another provider.
  provider.keys = {first};
  clock.advance(2h);
  EXPECT_EQ(reason(sign_in()), "wrong_signature");
}

TEST_F(OidcDocuments, FollowsARotationWhilePeopleSignIn) {
  const auto departure = begin();
  EXPECT_EQ(reason(finish(*departure, kBack)), "");
  EXPECT_EQ(provider.count("/keys"), 1);
  provider.rotate();
  EXPECT_EQ(reason(finish(*departure, kBack)), "");
  EXPECT_EQ(provider.count("/keys"), 2);
  EXPECT_EQ(reason(finish(*departure, kBack)), "");
  EXPECT_EQ(provider.count("/keys"), 2);
}

TEST_F(OidcDocuments, AsksForUnknownKeysNoMoreThanTwiceAMinute) {
  EXPECT_EQ(reason(sign_in()), "");
  const auto published = provider.keys;
  provider.rotate();
  provider.keys = published;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reason(sign_in()), "unknown_key");
  EXPECT_EQ(provider.count("/keys"), 2);
  clock.advance(31s);
  EXPECT_EQ(reason(sign_in()), "unknown_key");
  EXPECT_EQ(provider.count("/keys"), 3);
  // What strangers send uses up nothing of it.
  const std::string stranger = jose::sign(jose::Key::generate(jose::Algorithm::es256), {}, "JWT");
  clock.advance(31s);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(ours().read_logout({{"logout_token", stranger}}, limits()));
  }
  EXPECT_EQ(provider.count("/keys"), 4);
  provider.rotate();
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(provider.count("/keys"), 5);
}

TEST_F(OidcDocuments, KeepsOldKeysWhileItCannotAskForNewOnes) {
  EXPECT_EQ(reason(sign_in()), "");
  provider.instead["/keys"] = {.status = 500};
  provider.instead[kMetadata] = {.status = 500};
  clock.advance(2h);
  EXPECT_EQ(reason(sign_in()), "");
  clock.advance(25h);
  const auto late = sign_in();
  EXPECT_EQ(reason(late), "provider_error");
  EXPECT_EQ(error_of(late).why, Why::unavailable);
}

TEST_F(OidcDocuments, WorksAgainWhenTheProviderDoes) {
  provider.server.down();
  const auto down = sign_in();
  EXPECT_EQ(reason(down), "not_reached");
  EXPECT_EQ(error_of(down).why, Why::unavailable);
  provider.server.up();
  EXPECT_EQ(reason(sign_in()), "");
  const auto departure = begin();
  provider.server.down();
  EXPECT_EQ(error_of(finish(*departure, kBack)).why, Why::unavailable);
  EXPECT_TRUE(begin()) << "what it said of itself is still known";
  EXPECT_THAT(log, HasSubstr("metadata were not read"));
}

TEST_F(OidcDocuments, AsksForTheMetadataOncePerHour) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(begin());
  EXPECT_EQ(provider.count(kMetadata), 1);
  clock.advance(61min);
  provider.metadata["authorization_endpoint"] = provider.server.url("/moved");
  EXPECT_THAT(begin()->url, HasSubstr("/moved?"));
  EXPECT_EQ(provider.count(kMetadata), 2);
}

TEST_F(OidcDocuments, AsksOnceForAllWhoComeTogether) {
  ours();
  std::atomic<int> gone = 0;
  {
    std::vector<std::jthread> people;
    for (int i = 0; i < 8; ++i) {
      people.emplace_back([&] {
        if (ours().begin({.state = "s"}, limits())) ++gone;
      });
    }
  }
  EXPECT_EQ(gone, 8);
  EXPECT_EQ(provider.count(kMetadata), 1);
}

TEST_F(OidcDocuments, WaitsNoLongerThanItMay) {
  options.timeout = 100ms;
  for (const auto* path : {kMetadata, "/token", "/userinfo", "/keys"}) {
    provider.instead = {{path, {.hang = true}}};
    clock.advance(50h);
    const auto person = sign_in();
    EXPECT_EQ(reason(person), "timed_out") << path;
    EXPECT_EQ(error_of(person).why, Why::unavailable);
  }
}

TEST_F(OidcDocuments, ReadsNoMoreThanItWould) {
  const std::string large(600 * 1024, ' ');
  for (const auto* path : {kMetadata, "/token", "/userinfo", "/keys"}) {
    provider.instead = {{path, {.body = large}}};
    clock.advance(50h);
    EXPECT_EQ(reason(sign_in()), "too_large") << path;
  }
}

TEST_F(OidcDocuments, FollowsNobodyAnywhere) {
  const std::string elsewhere = "Location: " + provider.server.url("/elsewhere") + "\r\n";
  for (const auto* path : {kMetadata, "/token", "/userinfo", "/keys"}) {
    provider.instead = {{path, {.status = 302, .header = elsewhere}}};
    clock.advance(50h);
    EXPECT_EQ(reason(sign_in()), "redirected") << path;
  }
  EXPECT_EQ(provider.count("/elsewhere"), 0);
}

TEST_F(OidcDocuments, RefusesWhatIsNoJson) {
  for (const auto* path : {kMetadata, "/token", "/keys"}) {
    for (const auto* body : {"", "<html>", "[]", R"({"a":1,"a":2})"}) {
      provider.instead = {{path, {.body = body}}};
      clock.advance(50h);
      EXPECT_EQ(reason(sign_in()), "not_json") << path << body;
    }
  }
  provider.instead = {{"/keys", {.body = R"({"keys":{}})"}}};
  clock.advance(50h);
  EXPECT_EQ(reason(sign_in()), "not_keys");
}

TEST_F(OidcDocuments, ReadsTheMetadataOfItsIssuerAlone) {
  provider.metadata["issuer"] = "https://evil.example/";
  const auto other = begin();
  ASSERT_FALSE(other);
  EXPECT_EQ(error_of(other).reason, "wrong_issuer");
  EXPECT_EQ(error_of(other).why, Why::misconfigured);
  EXPECT_THAT(error_of(other).sentence, HasSubstr("'https://evil.example/'"));
}

TEST_F(OidcDocuments, IsTested) {
  const auto said = ours().test(limits());
  ASSERT_TRUE(said) << error_of(said).sentence;
  EXPECT_THAT(*said, ::testing::Contains("1 of its 1 keys can be used"));
}

TEST_F(OidcDocuments, WhoAsksForNoProofNeedNotListThat) {
  provider.metadata["token_endpoint_auth_methods_supported"] = json::array{"private_key_jwt"};
  options.client_auth = OidcOptions::ClientAuth::none;
  EXPECT_TRUE(ours().test(limits()));
}

TEST_F(OidcDocuments, FindsWhatTheProviderLacks) {
  provider.metadata["token_endpoint_auth_methods_supported"] = json::array{"private_key_jwt"};
  provider.metadata["scopes_supported"] = json::array{"openid", "email"};
  provider.metadata["id_token_signing_alg_values_supported"] = json::array{"HS256"};
  provider.metadata["code_challenge_methods_supported"] = json::array{"plain"};
  const auto said = ours().test(limits());
  ASSERT_FALSE(said);
  EXPECT_EQ(error_of(said).reason, "not_offered");
  for (const auto* part : {"client_secret_basic", "profile", "id_token_algorithms", "S256"}) {
    EXPECT_THAT(error_of(said).sentence, HasSubstr(part));
  }
  provider.metadata.erase("jwks_uri");
  EXPECT_EQ(error_of(ours().test(limits())).reason, "missing_endpoint");
  provider.server.down();
  EXPECT_EQ(error_of(ours().test(limits())).reason, "not_reached");
}

TEST_F(OidcDocuments, FindsKeysThatNobodyCanUse) {
  provider.keys = {{{"kty", "unknown"}}};
  EXPECT_EQ(error_of(ours().test(limits())).reason, "no_keys");
}

}  // namespace
}  // namespace latchkey::outbound::oidc::testing
