#include "domain/clients/client_metadata.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "platform/error_testing.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;
using Code = RegistrationError::Code;

json::object minimal() {
  return {{"client_uri", "https://example.com/"},
          {"redirect_uris", json::array{"https://example.com/callback"}}};
}

// The minimal registration with fields replaced.
json::object with(std::string_view fields) {
  json::object metadata = minimal();
  for (const auto& field : json::parse(fields).as_object()) metadata[field.key()] = field.value();
  return metadata;
}

json::object accepted(const json::object& metadata) {
  auto result = accept_metadata(metadata);
  EXPECT_TRUE(result) << json::serialize(metadata) << ": "
                      << (result ? "" : error_of(result).sentence);
  return result.value_or(json::object{});
}

std::string refusal(const json::object& metadata, Code code = Code::invalid_client_metadata) {
  const auto result = accept_metadata(metadata);
  EXPECT_FALSE(result) << json::serialize(metadata);
  if (result) return "";
  EXPECT_EQ(error_of(result).code, code) << error_of(result).sentence;
  return error_of(result).sentence;
}

TEST(ClientMetadata, WritesDefaultsOut) {
  EXPECT_EQ(json::value(accepted(minimal())), json::parse(R"({
    "client_uri": "https://example.com/",
    "redirect_uris": ["https://example.com/callback"],
    "application_type": "web",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "id_token_signed_response_alg": "RS256"})"));
}

TEST(ClientMetadata, TheExampleOfTheSpec) {
  const json::value asked = json::parse(R"({
    "client_name": "My App",
    "client_name#fr": "Mon application",
    "client_uri": "https://example.com/",
    "logo_uri": "https://example.com/logo.png",
    "tos_uri": "https://example.com/tos.html",
    "tos_uri#fr": "https://example.com/fr/tos.html",
    "policy_uri": "https://example.com/policy.html",
    "policy_uri#fr": "https://example.com/fr/policy.html",
    "redirect_uris": ["https://app.example.com/callback"],
    "token_endpoint_auth_method": "none",
    "response_types": ["code"],
    "grant_types": ["authorization_code", "refresh_token",
                    "urn:ietf:params:oauth:grant-type:token-exchange"],
    "application_type": "web"})");
  json::object wanted = asked.as_object();
  wanted["grant_types"] = json::array{"authorization_code", "refresh_token"};
  wanted["id_token_signed_response_alg"] = "RS256";
  EXPECT_EQ(accepted(asked.as_object()), wanted);

  const Client client = client_of("id", wanted);
  EXPECT_EQ(client.id, "id");
  EXPECT_EQ(client.name.text, "My App");
  EXPECT_EQ(client.shown_name("fr"), "Mon application");
  EXPECT_EQ(client.tos_uri.best("fr-CA, en;q=0.5"), "https://example.com/fr/tos.html");
  EXPECT_EQ(client.redirect_uris, std::vector<std::string>{"https://app.example.com/callback"});
  EXPECT_TRUE(client.may(Grant::refresh_token));
  EXPECT_FALSE(client.may(Grant::device_code));
  EXPECT_TRUE(client.redirects_to("https://app.example.com/callback"));
  EXPECT_FALSE(client.redirects_to("https://app.example.com/"));
  EXPECT_EQ(client.auth_method, ClientAuthMethod::none);
  EXPECT_FALSE(client.configured);
}

TEST(ClientMetadata, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(accepted(with(R"({"contacts": ["a@example.com"], "jwks_uri": "http://evil/", "jwks": 5,
                              "scope": "openid", "software_statement": "x", "client_id": "mine",
                              "client_secret": "s", "client_name": null, "tos_uri": "",
                              "response_types": ["code", "id_token"], "client_names": "x"})")),
            accepted(minimal()));
}

TEST(ClientMetadata, GrantsAndResponsesGoTogether) {
  const auto device = with(R"({"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]})");
  EXPECT_EQ(accepted(device).at("response_types"), json::array{});
  json::object without = device;
  without.erase("redirect_uris");
  EXPECT_FALSE(accepted(without).contains("redirect_uris"));
  for (const auto* fields :
       {R"({"grant_types": []})", R"({"grant_types": ["refresh_token"]})",
        R"({"grant_types": ["implicit"]})", R"({"grant_types": "authorization_code"})",
        R"({"grant_types": [5]})", R"({"response_types": []})",
        R"({"response_types": ["id_token"]})", R"({"response_types": "code"})",
        R"({"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"]})"}) {
    EXPECT_NE(refusal(with(fields)), "");
  }
}

TEST(ClientMetadata, RefusesRedirectUris) {
  for (const auto* fields :
       {R"({"redirect_uris": []})", R"({"redirect_uris": null})",
        R"({"redirect_uris": ["http://localhost/"]})",
        R"({"redirect_uris": ["https://example.com/", "https://evil.example/"]})",
        R"({"redirect_uris": ["com.example:/"]})",
        R"({"post_logout_redirect_uris": ["https://evil.example/"]})"}) {
    EXPECT_NE(refusal(with(fields), Code::invalid_redirect_uri), "");
  }
  EXPECT_EQ(
      refusal(with(R"({"redirect_uris": ["https://evil.example/"]})"), Code::invalid_redirect_uri),
      "redirect_uris: 'https://evil.example/' must be on example.com, the host of "
      "client_uri, or on a subdomain of it");
  for (const auto* fields :
       {R"({"redirect_uris": "https://example.com/"})", R"({"redirect_uris": [5]})",
        R"({"redirect_uris": ["https://example.com/\u0000"]})"}) {
    EXPECT_NE(refusal(with(fields)), "");
  }
}

TEST(ClientMetadata, NativeClients) {
  const auto client = client_of("id", accepted(with(R"({
    "application_type": "native",
    "redirect_uris": ["com.example.app:/callback", "http://127.0.0.1/callback",
                      "com.example.app:/callback"]})")));
  EXPECT_EQ(client.type, ApplicationType::native);
  EXPECT_EQ(client.redirect_uris.size(), 2U);
  EXPECT_TRUE(client.redirects_to("http://127.0.0.1:4567/callback"));
}

TEST(ClientMetadata, LoopbackAddressesWithAnyPortAreTheSameClient) {
  const auto of = [](std::string_view port) {
    return with(R"({"application_type": "native",
                    "redirect_uris": ["http://localhost)" +
                std::string(port) + R"(/login",
                                      "http://localhost:3001/login", "com.example.app:/login"],
                    "post_logout_redirect_uris": ["http://localhost)" +
                std::string(port) + R"(/logout"]})");
  };
  const json::object kept = accepted(of(""));
  EXPECT_EQ(kept.at("redirect_uris"),
            (json::array{"http://localhost/login", "com.example.app:/login"}));
  EXPECT_EQ(accepted(of(":3001")), kept);
  EXPECT_EQ(accepted(of(":49152")), kept);
  const Client client = client_of("id", kept);
  EXPECT_TRUE(client.redirects_to("http://localhost:5000/login"));
  EXPECT_TRUE(client.comes_back_to("http://localhost:5000/logout"));
}

TEST(ClientMetadata, LanguagesOfProgramsAreTagsToo) {
  const auto kept = accepted(with(R"({"client_name": "Mail", "client_name#fr_FR": "Courrier",
                                      "tos_uri#zh_Hant_TW": "https://example.com/tos"})"));
  EXPECT_EQ(kept.at("client_name#fr-FR"), json::value("Courrier"));
  EXPECT_FALSE(kept.contains("client_name#fr_FR"));
  EXPECT_TRUE(kept.contains("tos_uri#zh-Hant-TW"));
  EXPECT_EQ(client_of("id", kept).shown_name("fr-FR"), "Courrier");
  EXPECT_EQ(client_of("id", {{"client_name#fr_FR", "Courrier"}}).shown_name("fr"), "Courrier")
      << "of the operator's file";
  // Written both ways: as it should be counts, in whatever order.
  const auto twice = with(R"({"client_name#fr-FR": "a", "client_name#fr_FR": "b"})");
  EXPECT_EQ(accepted(twice).at("client_name#fr-FR"), json::value("a"));
  EXPECT_EQ(accepted(with(R"({"client_name#fr_FR": "b", "client_name#fr-FR": "a"})")),
            accepted(twice));
}

TEST(ClientMetadata, LocalHostsAreTheOperatorsToAllow) {
  for (const std::string host : {"http://192.168.1.5:8080", "https://192.168.1.5",
                                 "http://intranet", "http://localhost:8080", "https://[fd00::1]"}) {
    const auto asked = with(R"({"client_uri": ")" + host + R"(/", "logo_uri": ")" + host +
                            R"(/logo.png", "redirect_uris": [")" + host + R"(/cb"]})");
    EXPECT_NE(refusal(asked), "") << host;
    const auto kept = accept_metadata(asked, Hosts::local_too);
    EXPECT_EQ(kept.value().at("redirect_uris"), json::array{host + "/cb"}) << host;
    json::object elsewhere = asked;
    elsewhere["redirect_uris"] = json::array{"https://evil.example/"};
    EXPECT_FALSE(accept_metadata(elsewhere, Hosts::local_too)) << host;
  }
  EXPECT_FALSE(accept_metadata(with(R"({"client_uri": "http://example.com/"})"), Hosts::local_too));
  EXPECT_TRUE(accept_metadata(minimal(), Hosts::local_too));
}

TEST(ClientMetadata, RefusesUris) {
  for (const auto* value :
       {"http://example.com/", "https://user@example.com/", "https://evil.example/", "example.com",
        "https://example.com.evil.example/", "javascript:alert(1)", "data:image/png;base64,AA",
        "https://127.0.0.1/", "https://example.com\\\\x", "https://example.com/\\n"}) {
    for (const std::string name : {"logo_uri", "tos_uri", "policy_uri#fr", "client_uri#fr"}) {
      EXPECT_NE(refusal(with("{\"" + name + "\": \"" + value + "\"}")), "") << name;
    }
  }
  for (const auto* uri :
       {R"("")", "null", "5", R"("http://example.com/")", R"("https://a@example.com/")",
        R"("https://com/")", R"("https://localhost/")", R"("https://192.0.2.1/")",
        R"("https://[::1]/")", R"("https://example.com./")", R"("example.com")"}) {
    EXPECT_NE(refusal(with(std::string(R"({"client_uri": )") + uri + "}")), "") << uri;
  }
}

TEST(ClientMetadata, RefusesOtherValues) {
  for (const auto* fields :
       {R"({"client_name": 5})", R"({"client_name#": "x"})", R"({"client_name#a b": "x"})",
        R"({"client_name#en_US.UTF-8": "x"})", R"({"client_name#fr-": "x"})",
        R"({"client_name#_fr": "x"})", R"({"client_name": "a\nb"})",
        R"({"client_name": "a\u202eb"})", R"({"client_name": "a\u2066b"})",
        R"({"client_name": "a\u0085b"})", R"({"application_type": "browser"})",
        R"({"application_type": 1})", R"({"token_endpoint_auth_method": "client_secret_basic"})",
        R"({"token_endpoint_auth_method": "private_key_jwt"})",
        R"({"token_endpoint_auth_method": ""})", R"({"id_token_signed_response_alg": "none"})",
        R"({"id_token_signed_response_alg": "HS256"})"}) {
    EXPECT_NE(refusal(with(fields)), "") << fields;
  }
  EXPECT_EQ(accepted(with(R"({"client_name": "Boîte – \u200b日本"})")).count("client_name"), 1U);
  EXPECT_EQ(accepted(with(R"({"id_token_signed_response_alg": "ES256"})"))
                .at("id_token_signed_response_alg"),
            json::value("ES256"));
}

TEST(ClientMetadata, HasLimits) {
  auto metadata = minimal();
  metadata["client_name"] = std::string(MetadataLimits::kName, 'x');
  accepted(metadata);
  metadata["client_name"] = std::string(MetadataLimits::kName + 1, 'x');
  refusal(metadata);

  metadata = minimal();
  json::array uris;
  for (std::size_t i = 0; i < MetadataLimits::kRedirectUris; ++i) {
    uris.emplace_back("https://example.com/" + std::to_string(i));
  }
  metadata["redirect_uris"] = uris;
  accepted(metadata);
  uris.emplace_back("https://example.com/more");
  metadata["redirect_uris"] = uris;
  refusal(metadata);
  metadata["redirect_uris"] = json::array{"https://example.com/" + std::string(2048, 'x')};
  refusal(metadata);

  metadata = minimal();
  for (std::size_t i = 0; i < MetadataLimits::kLanguages; ++i) {
    metadata["client_name#x" + std::to_string(i)] = "name";
  }
  accepted(metadata);
  metadata["client_name#fr"] = "nom";
  refusal(metadata);

  metadata = minimal();
  for (int i = 0; i < 10; ++i) {
    metadata["tos_uri#x" + std::to_string(i)] = "https://example.com/" + std::string(2000, 'x');
  }
  refusal(metadata);
}

TEST(Client, IsShownByItsNameOrItsHost) {
  Client client;
  client.id = "id";
  EXPECT_EQ(client.shown_name("en"), "id");
  client.client_uri.text = "https://example.com:8443/app";
  EXPECT_EQ(client.shown_name("en"), "example.com");
  client.name.languages = {{"fr", "Nom"}};
  EXPECT_EQ(client.shown_name("en"), "Nom");
  client.name.text = "Name";
  EXPECT_EQ(client.shown_name("en"), "Name");
}

TEST(Localized, IsInTheReadersLanguage) {
  const Localized text{
      "default", {{"en-US", "mail"}, {"en-GB", "post"}, {"fr", "poste"}, {"pt-BR", "correio"}}};
  struct Row {
    std::string_view accept_language;
    std::string_view best;
  };
  for (const auto& [accept_language, best] : std::initializer_list<Row>{
           {"", "default"},
           {"en-GB", "post"},
           {"EN-gb", "post"},
           {"en", "mail"},
           {"fr-CA", "poste"},
           {"fr-CA-x-y, en", "poste"},
           {"pt", "correio"},
           {"pt-PT", "correio"},
           {"de", "default"},
           {"de, fr;q=0.5", "poste"},
           {"de;q=0.2, en-GB;q=0.4, fr;q=0.3", "post"},
           {"fr;q=0, de", "default"},
           {"fr;q=x, en-GB", "post"},
           {"fr;q=1.000, en-GB;q=0.999", "poste"},
           {"*, fr;q=0.5", "default"},
           {"*;q=0.1, fr;q=0.5", "poste"},
           {" , ;q=1,, fr", "poste"},
           {"f", "default"},
           {"english", "default"},
       }) {
    EXPECT_EQ(text.best(accept_language), best) << accept_language;
  }
}

}  // namespace
}  // namespace latchkey::clients
