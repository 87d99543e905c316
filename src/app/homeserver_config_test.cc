#include "app/homeserver_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "platform/config/config.h"
#include "platform/error_testing.h"

namespace latchkey::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Config configured(const std::string& more = {}, const std::string& listen = "127.0.0.1:18008") {
  Config config;
  const auto loaded = config::load(
      "server_name: example.org\n"
      "public_url: https://chat.example.org/\n"
      "database: sqlite:///tmp/x.db\n"
      "listen: [\"" +
          listen + "\"]\n" + more,
      "/etc/latchkey", config);
  EXPECT_TRUE(loaded) << error_of(loaded).front();
  return config;
}

constexpr const char* kBehind = R"(homeserver:
  kind: synapse
  endpoint: http://127.0.0.1:18009/
  secret: "a secret: of \"both\" servers"
)";

TEST(HomeserverConfig, SynapseGetsTheAddressAndTheSecret) {
  const auto text = homeserver_config("synapse", configured(kBehind));
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("\n  endpoint: \"http://127.0.0.1:18008/\"\n"));
  EXPECT_THAT(*text, HasSubstr(R"(  secret: "a secret: of \"both\" servers")"));
  EXPECT_THAT(*text, HasSubstr("force_http2: false"));
  EXPECT_THAT(*text, HasSubstr("example.org"));
}

TEST(HomeserverConfig, SynapseNeedsASecretAndAPort) {
  const auto without = homeserver_config("synapse", configured());
  ASSERT_FALSE(without);
  EXPECT_THAT(error_of(without), HasSubstr("homeserver.secret"));
  const auto by_socket =
      homeserver_config("synapse", configured(kBehind, "unix:/run/latchkey.sock"));
  ASSERT_FALSE(by_socket);
  EXPECT_THAT(error_of(by_socket), HasSubstr("listen"));
}

class ForProxy : public testing::TestWithParam<const char*> {};

TEST_P(ForProxy, NamesAndAddressesAreThoseOfThisServer) {
  const auto text = homeserver_config(GetParam(), configured(kBehind));
  ASSERT_TRUE(text) << error_of(text);
  EXPECT_THAT(*text, HasSubstr("chat.example.org"));
  EXPECT_THAT(*text, HasSubstr("127.0.0.1:18008"));
  EXPECT_THAT(*text, HasSubstr("127.0.0.1:18009"));
  EXPECT_THAT(*text, HasSubstr(".well-known/matrix/client"));
  EXPECT_THAT(*text, HasSubstr(R"("base_url": "https://chat.example.org")"));
  EXPECT_THAT(*text, Not(HasSubstr("example.com")));
  EXPECT_THAT(*text, Not(HasSubstr(":8008")));
  EXPECT_THAT(*text, Not(HasSubstr(":8000")));
}

TEST_P(ForProxy, OneNameForBothHasOneSite) {
  Config config = configured(kBehind);
  config.public_url = "https://example.org/";
  const auto text = homeserver_config(GetParam(), config);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, Not(HasSubstr("The name in people's Matrix IDs")));
}

TEST_P(ForProxy, OneNameAtAnotherPortIsStillLookedUpAtItsOwn) {
  Config config = configured(kBehind);
  config.public_url = "https://example.org:8443/";
  const auto text = homeserver_config(GetParam(), config);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("The name in people's Matrix IDs"));
  EXPECT_THAT(*text, HasSubstr(R"("base_url": "https://example.org:8443")"));
  EXPECT_THAT(*text, HasSubstr(R"("m.server": "example.org:8443")"));
}

TEST_P(ForProxy, APortOfTheServerNameIsNoPartOfASitesName) {
  Config config = configured(kBehind);
  config.server_name = "example.org:8448";
  const auto two = homeserver_config(GetParam(), config);
  ASSERT_TRUE(two);
  EXPECT_THAT(*two, Not(HasSubstr(" example.org:8448")));
  EXPECT_THAT(*two, HasSubstr(std::string(GetParam()) == "caddy" ? "\nexample.org {"
                                                                 : "server_name example.org;"));
  config.public_url = "https://example.org/";
  const auto one = homeserver_config(GetParam(), config);
  ASSERT_TRUE(one);
  EXPECT_THAT(*one, Not(HasSubstr("The name in people's Matrix IDs")));
}

TEST_P(ForProxy, ClientsAndServersAreSentToThePortOfThePublicAddress) {
  Config config = configured(kBehind);
  config.public_url = "https://chat.example.org:8443/";
  const auto text = homeserver_config(GetParam(), config);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr(R"("base_url": "https://chat.example.org:8443")"));
  EXPECT_THAT(*text, HasSubstr(R"("m.server": "chat.example.org:8443")"));
  EXPECT_THAT(*text, HasSubstr(std::string(GetParam()) == "caddy"
                                   ? "\nchat.example.org:8443, chat.example.org:8448 {"
                                   : "listen 8443 ssl http2;\n    listen [::]:8443 ssl http2;"));
}

TEST_P(ForProxy, WithoutAKindOfHomeserverItsCapabilitiesAreItsOwn) {
  const auto behind = homeserver_config(GetParam(), configured(kBehind));
  ASSERT_TRUE(behind);
  EXPECT_THAT(*behind, HasSubstr("/capabilities$"));
  const auto alone = homeserver_config(GetParam(), configured());
  ASSERT_TRUE(alone);
  EXPECT_THAT(*alone, Not(HasSubstr("apabilities")));
  EXPECT_THAT(*alone, Not(HasSubstr("laid over")));
  // What stands before and after is still there.
  EXPECT_THAT(*alone, HasSubstr("/admin/(lock|suspend)/"));
  EXPECT_THAT(*alone, HasSubstr("# OAuth 2.0."));
  EXPECT_EQ(std::ranges::count(*alone, '{'), std::ranges::count(*alone, '}'));
}

TEST_P(ForProxy, AHomeserverThatTheExampleHasNoLinesForIsRefused) {
  for (const char* endpoint : {"https://synapse.example.org/", "http://127.0.0.1:18009/matrix/"}) {
    Config config = configured(kBehind);
    config.homeserver.endpoint = endpoint;
    const auto text = homeserver_config(GetParam(), config);
    ASSERT_FALSE(text) << endpoint;
    EXPECT_THAT(error_of(text), HasSubstr("homeserver.endpoint: '" + std::string(endpoint) + "'"));
  }
}

TEST_P(ForProxy, AUnixSocketIsNamedAsTheProxyDoes) {
  const auto text = homeserver_config(GetParam(), configured(kBehind, "unix:/run/latchkey.sock"));
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr(std::string(GetParam()) == "caddy" ? "unix//run/latchkey.sock"
                                                                  : "unix:/run/latchkey.sock"));
}

INSTANTIATE_TEST_SUITE_P(Each, ForProxy, testing::Values("nginx", "caddy"));

TEST(HomeserverConfig, AnUnknownOneIsRefusedWithWhatThereIs) {
  const auto text = homeserver_config("apache", configured(kBehind));
  ASSERT_FALSE(text);
  EXPECT_THAT(error_of(text), HasSubstr("synapse, nginx or caddy"));
}

}  // namespace
}  // namespace latchkey::app
