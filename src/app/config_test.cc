#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "platform/config/config.h"
#include "platform/error_testing.h"

namespace latchkey::app {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string file(const std::string& path) {
  std::ifstream in(std::string(LATCHKEY_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

config::Errors errors_of(const std::string& yaml) {
  Config config;
  const auto loaded = config::load(yaml, "/etc/latchkey", config);
  return loaded ? config::Errors{} : error_of(loaded);
}

constexpr const char* kSmallest = R"(
server_name: example.com
public_url: http://127.0.0.1:8008/
database: sqlite:///var/lib/latchkey/latchkey.db
)";

// The two files that people read are what the program prints: config example and reference.
TEST(Config, ExampleFileIsCurrent) {
  EXPECT_EQ(file("config/latchkey.example.yaml"), config::example<Config>());
}

TEST(Config, ReferencePageIsCurrent) {
  EXPECT_THAT(file("docs/operating/options.md"), HasSubstr(config::reference<Config>()));
}

TEST(Config, ExampleLoads) { EXPECT_THAT(errors_of(config::example<Config>()), IsEmpty()); }

TEST(Config, PathsFollowTheDatabase) {
  Config config;
  ASSERT_TRUE(config::load(kSmallest, "/etc/latchkey", config));
  EXPECT_EQ(config.keys_path(), "/var/lib/latchkey/latchkey.db.keys");
  EXPECT_EQ(config.socket_path(), "/var/lib/latchkey/latchkey.db.sock");
}

struct Wrong {
  const char* yaml;
  const char* sentence;
};

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsRefusedWithASentence) {
  EXPECT_THAT(errors_of(std::string(kSmallest) + GetParam().yaml),
              Contains(HasSubstr(GetParam().sentence)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongConfig,
    testing::Values(Wrong{"sessions: {refresh_grace: 5 parsecs}\n",
                          "sessions.refresh_grace: '5 parsecs' is not a duration, try '1m'"},
                    Wrong{"sessions: {access_token_lifetime: 30s}\n",
                          "line 5: sessions.refresh_grace: must be less than "
                          "access_token_lifetime: 1m is not less than 30s"},
                    Wrong{"sessions: {access_token_lifetime: 1m}\n", "1m is not less than 1m"},
                    Wrong{"listen: []\n", "line 5: listen: at least one address is needed"},
                    Wrong{"listen: [\"127.0.0.1\"]\n",
                          "line 5: listen: '127.0.0.1' is not an address with a port, or unix: and "
                          "a path; try '127.0.0.1:8008'"},
                    Wrong{"listen: [\"localhost:80\"]\n", "try '127.0.0.1:80'"},
                    Wrong{"listen: [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n",
                          "line 5: listen: '127.0.0.1:1' is there twice"},
                    Wrong{"metrics: {listen: [\"127.0.0.1:8008\"]}\n",
                          "line 5: metrics.listen: '127.0.0.1:8008' is taken by listen"},
                    Wrong{"metrics:\n  listen: [\"9008\"]\n",
                          "line 6: metrics.listen: '9008' is not an address with a port, or unix: "
                          "and a path; try '127.0.0.1:9008'"},
                    Wrong{
                        "http:\n  trusted_proxies: [10.0.0.0/33]\n",
                        "line 6: http.trusted_proxies: '10.0.0.0/33' is not an address, a network "
                        "such as 10.0.0.0/8, or unix: a network has at most /32"},
                    Wrong{"command_socket: /var/lib/latchkey/a-folder-name-that-goes-on/"
                          "and-on/and-on/and-on/and-on/and-on/and-on/and-on/and-on/latchkey.sock\n",
                          "line 5: command_socket: "},
                    Wrong{"sessions: {access_token_lifetime: 300}\n",
                          "'300' is not a duration, try '300s' or '300m' or 'never'"},
                    Wrong{"registration: {opened: true}\n", "registration.open"},
                    Wrong{"homeserver: {kind: dendrite}\n", "homeserver.kind"}));

TEST(Config, AHomeserverNeedsItsAddressAndOneSecret) {
  const std::string behind = std::string(kSmallest) + "homeserver:\n  kind: synapse\n";
  const std::string endpoint = "  endpoint: http://127.0.0.1:8009/\n";
  const std::string secret = "  secret: 0123456789abcdef\n";
  EXPECT_THAT(errors_of(behind + endpoint + secret), IsEmpty());
  EXPECT_THAT(errors_of(behind + endpoint + "introspection: {secret: 0123456789abcdef}\n"),
              IsEmpty());
  EXPECT_THAT(errors_of(behind + secret), Contains(HasSubstr("address of Synapse itself")));
  EXPECT_THAT(errors_of(behind + endpoint), Contains(HasSubstr("homeserver.secret: ")));
  EXPECT_THAT(errors_of(behind + endpoint + secret + "introspection: {secret: fedcba9876543210}\n"),
              Contains(HasSubstr("Synapse has one for both")));
  for (const char* address : {"synapse:8009", "ftp://synapse/", "http://u@synapse/", "http:///"}) {
    EXPECT_THAT(errors_of(behind + secret + "  endpoint: '" + address + "'\n"),
                Contains(HasSubstr("is not an address")))
        << address;
  }
}

TEST(Config, CookiesDoNotTravelInTheClear) {
  for (const char* url : {"http://example.com/", "http://127.example.com/", "http://192.0.2.1/"}) {
    EXPECT_THAT(
        errors_of("server_name: example.com\ndatabase: sqlite:///tmp/latchkey.db\npublic_url: " +
                  std::string(url)),
        Contains(HasSubstr("in the clear")))
        << url;
  }
}

TEST(Config, ThePagesAreAtTheRootOfTheirHost) {
  for (const char* url : {"https://example.com/auth", "https://example.com/?a", "https://u@a.b/"}) {
    EXPECT_THAT(
        errors_of("server_name: example.com\ndatabase: sqlite:///tmp/latchkey.db\npublic_url: " +
                  std::string(url)),
        Contains(HasSubstr("must end after the host and port")))
        << url;
  }
}

TEST(Config, ADatabaseThatIsAPathIsToldHowToWriteIt) {
  const auto errors = errors_of(
      "server_name: example.com\npublic_url: http://127.0.0.1:8008/\ndatabase: /path/x.db\n");
  EXPECT_THAT(errors, testing::ElementsAre(
                          "line 3: database: '/path/x.db' is neither sqlite: and a path nor a "
                          "postgresql:// URL; try 'sqlite:///path/x.db'"));
}

TEST(Config, PostgresqlNeedsAKeyFile) {
  EXPECT_THAT(errors_of("server_name: example.com\npublic_url: http://127.0.0.1:8008/\n"
                        "database: postgresql://localhost/latchkey\n"),
              Contains(HasSubstr("keys_file")));
}

}  // namespace
}  // namespace latchkey::app
