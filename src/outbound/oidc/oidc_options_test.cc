#include "outbound/oidc/oidc_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <functional>

#include "outbound/oidc/metadata.h"
#include "platform/config/config.h"
#include "platform/error_testing.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kEntra = "https://login.microsoftonline.com/{tenantid}/v2.0";
constexpr const char* kOurs = "9122040d-6c67-4c5b-b112-36a304b66dad";
constexpr const char* kTheirs = "1f3e4b5a-0000-4000-8000-0123456789ab";

OidcOptions good() {
  OidcOptions options;
  options.issuer = "https://login.example.com/";
  options.client_id = "latchkey";
  options.client_secret = Secret("secret");
  return options;
}

TEST(OidcOptions, NeedLittle) {
  EXPECT_THAT(good().problems(), IsEmpty());
  OidcOptions read;
  const auto lines = config::load(
      "issuer: http://127.0.0.1:9000/\nclient_id: latchkey\nclient_secret: a secret\n", ".", read);
  ASSERT_TRUE(lines);
  EXPECT_EQ(read.issuer, "http://127.0.0.1:9000/");
  EXPECT_THAT(read.problems(), IsEmpty());
}

TEST(OidcOptions, AreHeldAgainstEachOther) {
  using Change = std::function<void(OidcOptions&)>;
  const std::pair<Change, const char*> rows[] = {
      {[](auto& o) { o.issuer = ""; }, "issuer:"},
      {[](auto& o) { o.issuer = "login.example.com"; }, "issuer:"},
      {[](auto& o) { o.issuer = "https://login.example.com/?tenant=1"; }, "issuer:"},
      {[](auto& o) { o.issuer = "ftp://login.example.com/"; }, "issuer:"},
      {[](auto& o) { o.discovery = false; }, "token_endpoint:"},
      {[](auto& o) { o.ca_file.value = "/no/such/ca.pem"; }, "ca_file:"},
      {[](auto& o) { o.token_endpoint = "/token"; }, "token_endpoint:"},
      {[](auto& o) { o.token_endpoint = "http://login.example.com/token"; }, "token_endpoint:"},
      {[](auto& o) { o.token_endpoint = "https://a:b@login.example.com/"; }, "token_endpoint:"},
      {[](auto& o) { o.client_id = ""; }, "client_id:"},
      {[](auto& o) { o.client_secret = Secret(); }, "client_secret:"},
      {[](auto& o) { o.client_auth = OidcOptions::ClientAuth::client_secret_jwt; },
       "client_secret:"},
      {[](auto& o) { o.client_auth = OidcOptions::ClientAuth::private_key_jwt; }, "client_key:"},
      {[](auto& o) {
         o.client_auth = OidcOptions::ClientAuth::private_key_jwt;
         o.client_key =
             Secret(json::serialize(jose::Key::generate(jose::Algorithm::es256).public_jwk()));
       },
       "client_key: is a public key"},
      {[](auto& o) {
         o.client_auth = OidcOptions::ClientAuth::private_key_jwt;
         o.client_key = Secret(R"({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": ")" +
                               std::string(43, 'A') + "\"}");
       },
       "client_key: is of Ed25519"},
      {[](auto& o) {
         o.client_auth = OidcOptions::ClientAuth::none;
         o.pkce = false;
       },
       "pkce:"},
      {[](auto& o) { o.scopes = {"profile"}; }, "scopes:"},
      {[](auto& o) { o.id_token_algorithms = {"none"}; }, "id_token_algorithms: 'none'"},
      {[](auto& o) { o.id_token_algorithms = {"HS256"}; }, "id_token_algorithms: HS256"},
      {[](auto& o) { o.parameters = {"state"}; }, "parameters: 'state' is not"},
      {[](auto& o) { o.parameters = {"state=1"}; }, "parameters: 'state' is said"},
      {[](auto& o) { o.parameters = {"=1"}; }, "parameters:"},
      {[](auto& o) { o.prompt = "none"; }, "prompt:"},
      {[](auto& o) { o.acr_required = true; }, "acr_values:"},
      {[](auto& o) { o.protocol = OidcOptions::Protocol::oauth2; }, "subject:"},
      {[](auto& o) { o.issuer = kEntra; }, "tenants: the issuer has"},
      {[](auto& o) { o.tenants = {kOurs}; }, "tenants: the issuer must"},
      {[](auto& o) {
         o.issuer = kEntra;
         o.tenants = {"our-organisation"};
       },
       "tenants: 'our-organisation'"},
      {[](auto& o) {
         o.issuer = kEntra;
         o.tenants = {kOurs};
         o.subject = "preferred_username";
       },
       "subject: must be sub"},
  };
  for (const auto& [change, problem] : rows) {
    OidcOptions options = good();
    change(options);
    EXPECT_THAT(options.problems(), Contains(StartsWith(problem))) << problem;
  }
}

TEST(OidcTenants, AreThoseThatAreListed) {
  OidcOptions options = good();
  EXPECT_TRUE(options.is_issuer(options.issuer));
  EXPECT_FALSE(options.is_issuer(""));
  options.issuer = kEntra;
  options.tenants = {kOurs, kTheirs};
  EXPECT_THAT(options.problems(), IsEmpty());
  const auto issuer = [](std::string_view tenant) {
    return "https://login.microsoftonline.com/" + std::string(tenant) + "/v2.0";
  };
  EXPECT_TRUE(options.is_issuer(issuer(kOurs)));
  EXPECT_TRUE(options.is_issuer(issuer(kTheirs)));
  for (const std::string& name :
       {issuer("00000000-0000-0000-0000-000000000000"), issuer(""), std::string(kEntra),
        issuer("organizations"), issuer(kOurs) + "/"}) {
    EXPECT_FALSE(options.is_issuer(name)) << name;
  }
  EXPECT_EQ(
      oidc::metadata_url(options),
      "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration");
  options.tenants.emplace_back("9188040d-6c67-4c5b-b112-36a304b66dad");
  EXPECT_EQ(oidc::metadata_url(options),
            "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration");
}

TEST(OidcMetadata, HasItsPlace) {
  OidcOptions options = good();
  EXPECT_EQ(oidc::metadata_url(options),
            "https://login.example.com/.well-known/openid-configuration");
  options.issuer = "https://login.example.com/tenant/";
  EXPECT_EQ(oidc::metadata_url(options),
            "https://login.example.com/tenant/.well-known/openid-configuration");
  options.protocol = OidcOptions::Protocol::oauth2;
  EXPECT_EQ(oidc::metadata_url(options),
            "https://login.example.com/.well-known/oauth-authorization-server/tenant");
}

TEST(OidcMetadata, NamesNoPlainAddressForASecureIssuer) {
  const json::object document{{"issuer", "https://login.example.com/"},
                              {"authorization_endpoint", "https://login.example.com/authorize"},
                              {"token_endpoint", "https://login.example.com/token"},
                              {"jwks_uri", "https://login.example.com/keys"}};
  const OidcOptions options = good();
  ASSERT_TRUE(oidc::read_metadata(document, options));
  for (const auto* name : {"authorization_endpoint", "token_endpoint", "jwks_uri",
                           "userinfo_endpoint", "end_session_endpoint"}) {
    for (const auto& [address, reason] :
         {std::pair{"http://169.254.169.254/", "plain_endpoint"},
          std::pair{"file:///etc/passwd", "bad_endpoint"},
          std::pair{"https://a:b@login.example.com/", "bad_endpoint"},
          std::pair{"https://login.example.com/\r\nX: y", "bad_endpoint"}}) {
      auto changed = document;
      changed[name] = address;
      const auto read = oidc::read_metadata(changed, options);
      ASSERT_FALSE(read) << name << address;
      EXPECT_EQ(error_of(read).reason, reason);
    }
  }
  for (const auto* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    auto changed = document;
    changed.erase(name);
    EXPECT_EQ(error_of(oidc::read_metadata(changed, options)).reason, "missing_endpoint") << name;
  }
  for (const json::value& issuer : {json::value("https://login.example.com"),
                                    json::value("https://LOGIN.example.com/"), json::value(7)}) {
    auto changed = document;
    changed["issuer"] = issuer;
    EXPECT_EQ(error_of(oidc::read_metadata(changed, options)).reason, "wrong_issuer");
  }
}

TEST(OidcMetadata, GivesWayToWhatIsConfigured) {
  OidcOptions options = good();
  options.token_endpoint = "https://inside.example.com/token";
  const json::object document{{"issuer", "https://login.example.com/"},
                              {"authorization_endpoint", "https://login.example.com/authorize"},
                              {"token_endpoint", "https://login.example.com/token"},
                              {"jwks_uri", "https://login.example.com/keys"}};
  EXPECT_EQ(oidc::read_metadata(document, options)->token_endpoint,
            "https://inside.example.com/token");
}

}  // namespace
}  // namespace latchkey::outbound
