#include "domain/clients/configured_clients.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/config/document.h"
#include "platform/error_testing.h"

namespace latchkey::clients {
namespace {

std::expected<std::vector<Client>, std::vector<std::string>> read(const std::string& yaml,
                                                                  const std::string& folder = ".") {
  const auto document = config::parse_document(yaml);
  EXPECT_TRUE(document) << yaml;
  return read_configured_clients(*document, folder);
}

// What is wrong with one client of those lines.
std::string complaint_of(const std::string& lines) {
  const auto clients = read("clients:\n- client_id: console\n" + lines);
  EXPECT_FALSE(clients) << lines;
  return clients ? "" : error_of(clients).at(0);
}

constexpr auto* kUris = "  redirect_uris: [\"https://console.example.com/cb\"]\n";
constexpr auto* kSecret = "0123456789abcdef";

TEST(ConfiguredClients, AreReadWithTheirDefaults) {
  const auto clients = read(std::string("clients:\n- client_id: console\n") + kUris);
  ASSERT_TRUE(clients) << error_of(clients).at(0);
  const Client& client = clients->at(0);
  EXPECT_EQ(client.id, "console");
  EXPECT_TRUE(client.configured);
  EXPECT_FALSE(client.first_party);
  EXPECT_EQ(client.type, ApplicationType::web);
  EXPECT_EQ(client.auth_method, ClientAuthMethod::none);
  EXPECT_TRUE(client.may(Grant::authorization_code));
  EXPECT_TRUE(client.may(Grant::refresh_token));
  EXPECT_EQ(client.response_types, std::vector<std::string>{"code"});
  EXPECT_TRUE(client.redirects_to("https://console.example.com/cb"));
  EXPECT_EQ(client.shown_name("en"), "console");
}

TEST(ConfiguredClients, MayBeTheOperatorsOwn) {
  const auto clients =
      read(std::string("clients:\n- client_id: console\n") + kUris + "  first_party: true\n");
  EXPECT_TRUE(clients.value().at(0).first_party);
}

TEST(ConfiguredClients, WithASecretMayLeavePkceOut) {
  const auto with = [](const std::string& line) {
    return read(std::string("clients:\n- client_id: console\n") + kUris +
                "  token_endpoint_auth_method: client_secret_basic\n"
                "  client_secret: 0123456789abcdef\n" +
                line)
        .value()
        .at(0);
  };
  EXPECT_TRUE(with("").needs_pkce);
  EXPECT_TRUE(with("  pkce: required\n").needs_pkce);
  EXPECT_FALSE(with("  pkce: optional\n").needs_pkce);
}

TEST(ConfiguredClients, MayBeToldWhenASessionIsOver) {
  const auto with = [](const std::string& lines, const std::string& method = "none") {
    return read(std::string("clients:\n- client_id: console\n") + kUris +
                "  token_endpoint_auth_method: " + method + "\n" +
                (method == "none" ? "" : "  client_secret: 0123456789abcdef\n") + lines);
  };
  EXPECT_EQ(with("").value().at(0).backchannel_logout_uri, "");
  EXPECT_EQ(with("  backchannel_logout_uri: https://console.example.com:8443/out?a=b\n"
                 "  backchannel_logout_session_required: true\n")
                .value()
                .at(0)
                .backchannel_logout_uri,
            "https://console.example.com:8443/out?a=b");
  const std::string inside = "  backchannel_logout_uri: http://console:3000/out\n";
  EXPECT_TRUE(with(inside, "client_secret_post"));
  const std::string wants =
      "client 'console': backchannel_logout_uri: expected an https URL without a user or a "
      "fragment; http is for clients with a secret or a key";
  EXPECT_EQ(error_of(with(inside)).at(0), wants);
  for (const std::string uri :
       {"https://a:b@console.example.com/", "https://console.example.com/#x", "https:///out",
        "console.example.com/out", "com.example.console:/out", "\"https://console.example.com/ \"",
        "file:///etc/passwd"}) {
    const auto clients = with("  backchannel_logout_uri: " + uri + "\n", "client_secret_post");
    ASSERT_FALSE(clients) << uri;
    EXPECT_EQ(error_of(clients).at(0), wants) << uri;
  }
  EXPECT_EQ(error_of(with("  backchannel_logout_session_required: true\n")).at(0),
            "client 'console': backchannel_logout_uri: expected one");
}

TEST(ConfiguredClients, SayWhatTheyAre) {
  const auto clients = read(R"(
clients:
- client_id: console
  client_name: Console
  client_name#fr: La console
  client_uri: https://console.example.com/
  redirect_uris: ["https://console.example.com/cb", "https://other.example/cb"]
  token_endpoint_auth_method: client_secret_basic
  client_secret: 0123456789abcdef
  id_token_signed_response_alg: ES256
- client_id: job
  application_type: native
  grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]
  token_endpoint_auth_method: private_key_jwt
  jwks: {keys: [{kty: EC, crv: P-256, x: AA, y: AA}]}
)");
  ASSERT_TRUE(clients) << error_of(clients).at(0);
  ASSERT_EQ(clients->size(), 2U);
  const Client& console = clients->at(0);
  EXPECT_EQ(console.shown_name("fr"), "La console");
  EXPECT_EQ(console.auth_method, ClientAuthMethod::client_secret_basic);
  EXPECT_EQ(console.secret.reveal(), kSecret);
  EXPECT_EQ(console.id_token_signed_response_alg, "ES256");
  const Client& job = clients->at(1);
  EXPECT_EQ(job.auth_method, ClientAuthMethod::private_key_jwt);
  EXPECT_TRUE(job.jwks.contains("keys"));
  EXPECT_TRUE(job.redirect_uris.empty());
  EXPECT_TRUE(job.response_types.empty());
}

TEST(ConfiguredClients, ASecretMayBeInAFile) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "configured_clients";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "secret") << kSecret << "\n";
  const std::string client = std::string("clients:\n- client_id: console\n") + kUris +
                             "  token_endpoint_auth_method: client_secret_post\n"
                             "  client_secret_file: ";
  const auto clients = read(client + "secret\n", folder.string());
  ASSERT_TRUE(clients) << error_of(clients).at(0);
  EXPECT_EQ(clients->at(0).secret.reveal(), kSecret);
  const auto missing = read(client + "elsewhere\n", folder.string());
  ASSERT_FALSE(missing);
  EXPECT_EQ(error_of(missing).at(0), "client 'console': client_secret_file: cannot read '" +
                                         (folder / "elsewhere").string() +
                                         "': there is no such file");
  const auto wrong = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
    const auto found = read(client + name + "\n", folder.string());
    return found ? "" : error_of(found).at(0);
  };
  const std::string at = "client 'console': client_secret_file: '" + (folder / "wrong").string();
  EXPECT_EQ(wrong("wrong", "\n"), at + "' is empty");
  EXPECT_EQ(wrong("wrong", "short\n"), at + "': expected 16 to 1024 characters");
  EXPECT_EQ(wrong("wrong", std::string(1025, 'a') + "\n"),
            at + "': expected 16 to 1024 characters");
  EXPECT_EQ(wrong("wrong", std::string(kSecret) + "\n# of the console\n"),
            at + "': expected one line");
  EXPECT_EQ(wrong("wrong", "a secret with spaces\n"), at + "': expected ASCII without spaces");
  EXPECT_EQ(wrong("right", std::string(kSecret) + "\r\n"), "");
  EXPECT_EQ(error_of(read(client + "'.'\n", folder.string())).at(0),
            "client 'console': client_secret_file: cannot read '" + (folder / ".").string() +
                "': it is a folder");
  EXPECT_EQ(error_of(read(client + "''\n", folder.string())).at(0),
            "client 'console': client_secret_file: expected the path of a file");

  std::ofstream(folder / "clients.yaml") << client << "elsewhere\n";
  const std::string path = (folder / "clients.yaml").string();
  EXPECT_EQ(error_of(load_configured_clients(path)).at(0), path + ": " + error_of(missing).at(0));
  std::ofstream(folder / "clients.yaml") << client << "secret\n";
  EXPECT_EQ(load_configured_clients(path).value().size(), 1U);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(error_of(load_configured_clients(path)).at(0),
            path + ": cannot be read: there is no such file");
}

TEST(ConfiguredClients, SayWhatIsWrong) {
  const std::string uris = kUris;
  struct Row {
    std::string lines;
    std::string error;
  };
  for (const auto& [lines, error] : std::initializer_list<Row>{
           {"", "redirect_uris: expected at least one"},
           {"  redirect_uris: [\"http://example.com/\"]\n",
            "redirect_uris: 'http://example.com/' is http, which only localhost, 127.0.0.1 and "
            "[::1] may be: use https"},
           {uris + "  secret: x\n", "secret: is not known"},
           {uris + "  redirect_uris#fr: x\n", "redirect_uris#fr: is not known"},
           {uris + "  application_type: app\n", "application_type: expected web or native"},
           {uris + "  client_uri: http://example.com/\n", "client_uri: expected an https URL"},
           {uris + "  grant_types: [password]\n",
            "grant_types: 'password' is not a grant of this server"},
           {uris + "  token_endpoint_auth_method: basic\n",
            "token_endpoint_auth_method: expected none, client_secret_basic, client_secret_post or "
            "private_key_jwt"},
           {uris + "  token_endpoint_auth_method: client_secret_basic\n",
            "client_secret: client_secret_basic needs one"},
           {uris + "  client_secret: 0123456789abcdef\n",
            "client_secret: is not used with none: set token_endpoint_auth_method to "
            "client_secret_basic or client_secret_post"},
           {uris + "  client_secret: short\n", "client_secret: expected 16 to 1024 characters"},
           {uris + "  client_secret: 0123456789 abcdef\n",
            "client_secret: expected ASCII without spaces"},
           {uris + "  client_secret: x\n  client_secret_file: y\n",
            "client_secret: stands beside client_secret_file"},
           {uris + "  token_endpoint_auth_method: private_key_jwt\n",
            "jwks: private_key_jwt needs the client's public keys"},
           {uris + "  jwks: {keys: []}\n", "jwks: is not used with none"},
           {uris + "  first_party: always\n", "first_party: expected true or false"},
           {uris + "  pkce: no\n", "pkce: expected required or optional"},
           {uris + "  pkce: optional\n",
            "pkce: optional is for clients with a secret or a key: set "
            "token_endpoint_auth_method"},
           {uris + "  token_endpoint_auth_method: private_key_jwt\n  jwks: {keys: []}\n",
            "jwks: has no keys"},
           {uris + "  token_endpoint_auth_method: private_key_jwt\n  jwks: {keys: [5]}\n",
            "jwks: has a key that is none"},
           {uris + "  token_endpoint_auth_method: private_key_jwt\n"
                   "  jwks: {keys: [{kty: EC, d: x}]}\n",
            "jwks: has a private key: give the public one alone"},
       }) {
    EXPECT_EQ(complaint_of(lines), "client 'console': " + error);
  }
}

TEST(ConfiguredClients, AreWarnedOfWhatApplicationsSendAsItIs) {
  const auto warned = [](const std::string& id, const std::string& secret,
                         const std::string& method = "client_secret_basic") {
    return warnings_of(read("clients:\n- client_id: \"" + id + "\"\n" + kUris +
                            "  token_endpoint_auth_method: " + method + "\n  client_secret: \"" +
                            secret + "\"\n")
                           .value());
  };
  EXPECT_TRUE(warned("console-1._~", kSecret).empty());
  EXPECT_TRUE(warned("console", "0123456789:abcdef/=!&#").empty()) << "one colon ends the ID";
  for (const std::string id : {"a+b", "a%62", "https://console.example.com"}) {
    EXPECT_EQ(warned(id, kSecret).size(), 1U) << id;
    EXPECT_TRUE(warned(id, kSecret, "client_secret_post").empty()) << id;
  }
  for (const std::string secret : {"0123456789+abcdef", "0123456789%61bcdef"}) {
    const auto warnings = warned("console", secret);
    ASSERT_EQ(warnings.size(), 1U) << secret;
    EXPECT_TRUE(warnings[0].starts_with("client 'console': client_secret has one of + %"));
    EXPECT_FALSE(warnings[0].contains(secret));
  }
}

TEST(ConfiguredClients, SayWhatIsWrongWithTheFile) {
  const std::string uris = kUris;
  EXPECT_EQ(error_of(read("other: 5")).at(0), "clients: is missing");
  EXPECT_FALSE(read("clients: {}"));
  EXPECT_EQ(error_of(read("clients: []\nmore: 5")).at(0), "expected nothing but clients");
  EXPECT_EQ(error_of(read("clients: [5]")).at(0), "client number 1: expected a map");
  EXPECT_FALSE(read("clients: [{client_id: \"a b\", redirect_uris: [\"https://a.example/\"]}]"));
  const auto two = read("clients:\n- client_id: a\n" + uris + "- client_id: a\n" + uris);
  EXPECT_EQ(error_of(two), std::vector<std::string>{"client 'a': is there twice"});
  const auto many = read("clients:\n- client_id: a\n- client_id: b\n");
  EXPECT_EQ(error_of(many).size(), 2U);
  EXPECT_TRUE(read("clients: []").value().empty());
}

}  // namespace
}  // namespace latchkey::clients
