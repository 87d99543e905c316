#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "outbound/oidc/claims.h"
#include "outbound/oidc/sign_ins_testing.h"
#include "platform/error_testing.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc::testing {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Why = providers::Failure::Why;
using ::testing::HasSubstr;
using ::testing::Not;

class OidcClientAuth : public SignIns {
 protected:
  // The assertion of the last exchange.
  json::object assertion_claims(const jose::Key& key) const {
    const auto form = fields_of(provider.last("/token").body);
    EXPECT_EQ(form.at("client_assertion_type"),
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    return jose::verify(form.at("client_assertion"), key, "JWT").value();
  }
};

TEST_F(OidcClientAuth, Basic) {
  options.client_id = "latch:key";
  options.client_secret = Secret("a secret/of%mine");
  provider.change_claims = [](json::object& claims) { claims["aud"] = "latch:key"; };
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(provider.last("/token").authorization,
            "Basic " + text::encode_base64("latch%3Akey:a%20secret%2Fof%25mine"));
}

TEST_F(OidcClientAuth, Post) {
  options.client_auth = OidcOptions::ClientAuth::client_secret_post;
  EXPECT_EQ(reason(sign_in()), "");
  const auto form = fields_of(provider.last("/token").body);
  EXPECT_EQ(form.at("client_id"), "latchkey");
  EXPECT_EQ(form.at("client_secret"), kSecret);
  EXPECT_EQ(provider.last("/token").authorization, "");
}

TEST_F(OidcClientAuth, None) {
  options.client_auth = OidcOptions::ClientAuth::none;
  options.client_secret = Secret();
  EXPECT_EQ(reason(sign_in()), "");
  const auto form = fields_of(provider.last("/token").body);
  EXPECT_EQ(form.at("client_id"), "latchkey");
  EXPECT_FALSE(form.contains("client_secret"));
}

TEST_F(OidcClientAuth, JwtOfTheSecret) {
  options.client_auth = OidcOptions::ClientAuth::client_secret_jwt;
  EXPECT_EQ(reason(sign_in()), "");
  const auto claims = assertion_claims(jose::Key::of_secret(Secret(kSecret)));
  EXPECT_EQ(text::text_of(claims, "iss"), "latchkey");
  EXPECT_EQ(text::text_of(claims, "sub"), "latchkey");
  EXPECT_EQ(text::text_of(claims, "aud"), provider.server.url("/token"));
  EXPECT_EQ(oidc::time_of(claims, "exp"), kNow + 60s);
  EXPECT_THAT(provider.last("/token").body, Not(HasSubstr("client_secret=")));
}

TEST_F(OidcClientAuth, JwtOfAKey) {
  const auto key = jose::Key::generate(jose::Algorithm::es256);
  options.client_auth = OidcOptions::ClientAuth::private_key_jwt;
  options.client_secret = Secret();
  options.client_key = key.private_jwk();
  EXPECT_EQ(reason(sign_in()), "");
  const auto first = assertion_claims(key);
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_NE(text::text_of(first, "jti"), text::text_of(assertion_claims(key), "jti"));
}

class OidcUserinfo : public SignIns {
 protected:
  std::string signed_by_provider(const json::object& claims) {
    return jose::sign(provider.signing_key, claims, "JWT");
  }
};

TEST_F(OidcUserinfo, SpeaksOfTheSamePerson) {
  for (const json::object& other :
       {json::object{{"sub", "s2"}}, json::object{{"email", "a@example.com"}},
        json::object{{"sub", 1}}}) {
    provider.userinfo = other;
    EXPECT_EQ(reason(sign_in()), "other_subject");
  }
  provider.userinfo = {};
  EXPECT_EQ(reason(sign_in()), "missing_subject");
}

TEST_F(OidcUserinfo, CountsLessThanTheIdToken) {
  provider.userinfo = {{"sub", "s1"},
                       {"email", "a@example.com"},
                       {"email_verified", "true"},
                       {"iss", "https://evil.example/"},
                       {"sid", "another"}};
  provider.change_claims = [](json::object& claims) {
    claims["email"] = "b@example.com";
    claims["sid"] = "mine";
  };
  const auto person = sign_in();
  ASSERT_TRUE(person);
  EXPECT_EQ(text::text_of(person->claims, "email"), "b@example.com");
  EXPECT_EQ(text::text_of(person->claims, "iss"), provider.issuer());
  EXPECT_EQ(person->session.name, "mine");
  EXPECT_EQ(person->claims.at("email_verified"), json::value(true)) << "as Cognito says it";
}

TEST_F(OidcUserinfo, IsRefused) {
  provider.change_tokens = [](json::object& tokens) { tokens["access_token"] = "stale"; };
  EXPECT_EQ(reason(sign_in()), "refused_userinfo");  // 403 of Dex
  provider.change_tokens = [](json::object& tokens) { tokens["token_type"] = "mac"; };
  EXPECT_EQ(reason(sign_in()), "missing_access_token");
  provider.instead["/userinfo"] = {.status = 503};
  provider.change_tokens = [](json::object& tokens) { tokens["token_type"] = "bearer"; };
  EXPECT_EQ(reason(sign_in()), "provider_error");
}

TEST_F(OidcUserinfo, IsNotAskedWhereItIsNotWanted) {
  options.userinfo = OidcOptions::Userinfo::never;
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(provider.count("/userinfo"), 0);
}

TEST_F(OidcUserinfo, IsNotAskedWhereThereIsNone) {
  provider.metadata.erase("userinfo_endpoint");
  EXPECT_EQ(reason(sign_in()), "");
}

TEST_F(OidcUserinfo, IsSigned) {
  options.userinfo_signed = true;
  EXPECT_EQ(reason(sign_in()), "unsigned_userinfo");
  constexpr std::int64_t now = kNowSeconds;
  const struct {
    json::object claims;
    const char* reason;
  } rows[] = {
      {{{"sub", "s1"}, {"email", "a@example.com"}}, ""},
      {{{"sub", "s1"}, {"iss", provider.issuer()}, {"aud", "latchkey"}}, ""},
      {{{"sub", "s2"}}, "other_subject"},
      {{{"sub", "s1"}, {"iss", "https://evil.example/"}}, "wrong_issuer"},
      {{{"sub", "s1"}, {"aud", "another"}}, "wrong_audience"},
      {{{"sub", "s1"}, {"exp", now - 60}}, "expired"},
  };
  for (const auto& row : rows) {
    provider.instead["/userinfo"] = {.body = signed_by_provider(row.claims) + "\n",
                                     .type = "application/jwt"};
    EXPECT_EQ(reason(sign_in()), row.reason) << json::serialize(row.claims);
  }
  provider.instead["/userinfo"] = {
      .body = jose::sign(jose::Key::generate(jose::Algorithm::es256), {{"sub", "s1"}}, "JWT")};
  EXPECT_EQ(reason(sign_in()), "unknown_key");
}

class OAuth2 : public SignIns {
 protected:
  OAuth2() {
    options.protocol = OidcOptions::Protocol::oauth2;
    options.issuer = "";
    options.discovery = false;
    options.authorization_endpoint = provider.server.url("/authorize");
    options.token_endpoint = provider.server.url("/token");
    options.userinfo_endpoint = provider.server.url("/userinfo");
    options.scopes = {"read:user"};
    options.subject = "id";
    provider.userinfo = {{"id", 583231}, {"login", "octocat"}};
    provider.change_tokens = [](json::object& tokens) { tokens.erase("id_token"); };
  }
};

// As GitHub, whose subjects are numbers.
TEST_F(OAuth2, KnowsAPersonByTheUserinfo) {
  const auto person = sign_in();
  ASSERT_TRUE(person) << error_of(person).sentence;
  EXPECT_EQ(person->subject, "583231");
  EXPECT_EQ(text::text_of(person->claims, "login"), "octocat");
  EXPECT_TRUE(person->session.hint.empty());
  EXPECT_FALSE(query.contains("nonce"));
  for (const json::value& id : {json::value(1.5), json::value(true), json::value(""),
                                json::value(nullptr), json::value(json::array{1})}) {
    provider.userinfo = {{"id", id}};
    EXPECT_EQ(reason(sign_in()), "missing_subject") << id;
  }
}

TEST_F(OAuth2, CannotSayThatSomebodyHasSignedInAnew) {
  EXPECT_EQ(error_of(begin(true)).why, Why::not_fresh);
}

TEST_F(OAuth2, HasMetadataOfItsOwn) {
  options.discovery = true;
  options.issuer = provider.server.url("/tenant");
  options.authorization_endpoint = "";
  provider.metadata["issuer"] = options.issuer;
  const std::string path = "/.well-known/oauth-authorization-server/tenant";
  provider.instead[path] = {.body = json::serialize(provider.metadata)};
  EXPECT_EQ(reason(sign_in()), "");
  EXPECT_EQ(provider.count(path), 1);
}

}  // namespace
}  // namespace latchkey::outbound::oidc::testing
