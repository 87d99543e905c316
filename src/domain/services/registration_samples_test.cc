// Registration files as bridges and bots generate them and people edit them: the forms that are
// met, written anew. What each is read as is what it means to the homeserver that has it too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/services/services_testing.h"
#include "platform/error_testing.h"

namespace latchkey::services {
namespace {

using services::testing::Files;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Matcher;

using Sentences = Matcher<std::vector<std::string>>;

struct Sample {
  const char* what;
  const char* yaml;
  std::vector<std::string> owns;
  std::vector<std::string> claims;  // beside these
  std::vector<std::string> neither;
  Sentences warnings = IsEmpty();
};

const Sample kTaken[] = {
    {.what = "a Go bridge: a random user of its own, its bot by name, hyphens in keys",
     .yaml = R"(id: signal
url: http://localhost:29328
as_token: tQ0aYp8kUeXr2ZlV6mN4cB9sD1fG3hJ5wR7yT0uI2oP4qA6zS8xE1vC3bM5nK7lH
hs_token: zS8xE1vC3bM5nK7lHtQ0aYp8kUeXr2ZlV6mN4cB9sD1fG3hJ5wR7yT0uI2oP4qA6
sender_localpart: Xq3VbT9sKf0LmZ7wPc5RyD1uHe8JgN2a
rate_limited: false
namespaces:
    users:
        - regex: ^@signalbot:example\.com$
          exclusive: true
        - regex: ^@signal_.*:example\.com$
          exclusive: true
de.sorunome.msc2409.push_ephemeral: true
receive_ephemeral: true
io.element.msc4190: true
)",
     .owns = {"Xq3VbT9sKf0LmZ7wPc5RyD1uHe8JgN2a", "signalbot", "signal_5f0c-22"},
     .claims = {},
     .neither = {"xq3vbt9skf0lmz7wpc5ryd1uhe8jgn2a", "signalbots", "alice"}},
    {.what = "double puppeting: everybody, for nobody alone; no URL",
     .yaml = R"(id: doublepuppet
url:
as_token: "one-of_hyphens.and/more+"
hs_token: unused
sender_localpart: bw4kJQ0zR8
rate_limited: false
namespaces:
  users:
  - regex: '@.*:example\.com'
    exclusive: false
)",
     .owns = {"bw4kJQ0zR8"},
     .claims = {"alice", "irc_Nick[m]"},
     .neither = {}},
    {.what = "the IRC bridge, in flow style, with what is not read",
     .yaml = R"(---
id: irc_bridge
hs_token: 0d9e5f3ac71b8846
as_token: 46c1e07b5a92d83f
namespaces: {users: [{exclusive: true, regex: '@irc_.*:example\.com'}],
             aliases: [{exclusive: true, regex: '#irc_.*(?=:)'}], rooms: []}
url: 'http://10.0.0.5:9999'
sender_localpart: ircbot
rate_limited: false
protocols: [irc]
...
)",
     .owns = {"ircbot", "irc_Nick[m]", "irc_a|b", R"(irc_\o/)"},
     .claims = {},
     .neither = {"IRC_nick"}},
    {.what = "JSON, as some generators write it",
     .yaml =
         "{\"id\": \"hooks\", \"url\": \"http://hooks:9993\", \"as_token\": \"9f4b1c7d2e8a6053\",\n"
         "\t\"hs_token\": \"x\", \"sender_localpart\": \"hooks\", \"rate_limited\": false,\n"
         "\t\"namespaces\": {\"rooms\": [], \"users\": [{\"regex\": "
         "\"@_hooks_.*:example\\\\.com\",\n"
         "\t\"exclusive\": true}]}}",
     .owns = {"hooks", "_hooks_x"},
     .claims = {},
     .neither = {"hooks_x"}},
    {.what = "a common part by merge key, YAML 1.1's booleans",
     .yaml = R"(
x-ours: &ours
  exclusive: yes
  regex: "@none"
id: sms
url: ~
as_token: 'pa55!w0rd:from&a*manager=%,@;#x'
hs_token: 'y'
sender_localpart: sms
namespaces:
  users:
  - <<: *ours
    regex: "@sms_[0-9]+:"
  - <<: [*ours, {exclusive: off}]
    exclusive: Off
    regex: "@fax_"
  aliases:
)",
     .owns = {"sms_49"},
     .claims = {"fax_49"},
     .neither = {"sms_x"}},
    {.what = "block scalars, with the line break at their end",
     .yaml = R"(id: mail
url: >-
  http://mail:5000
as_token: |
  51d0f6b29c3e7a84
hs_token: |
  anything
sender_localpart: mailbot
namespaces:
  users:
    - exclusive: on
      regex: >
        @mail_.*:example\.com
)",
     .owns = {"mail_x"},
     .claims = {},
     .neither = {"mail"},
     .warnings = ElementsAre(HasSubstr("as_token: ends with a line break"),
                             HasSubstr("namespaces.users[0].regex: ends with a line break"))},
    {.what = "a short token, no homeserver's fields, users of nobody",
     .yaml = R"(id: bot
as_token: change_me
sender_localpart: bot
namespaces:
  users:
)",
     .owns = {"bot"},
     .claims = {},
     .neither = {"alice"},
     .warnings = ElementsAre(HasSubstr("as_token: is shorter than 16"), HasSubstr("hs_token: "),
                             HasSubstr("url: "))},
    {.what = "an unquoted hexadecimal token that looks like a float; tags, dates, twice",
     .yaml = R"(id: discord
url: !env BRIDGE_URL
as_token: 5e81047390218834
hs_token: !!str 12345
sender_localpart: !!str discord
namespaces:
  users: [{regex: '@discord_\d+:', exclusive: !!bool "yes", group_id: '+x:example.com'}]
created: 2021-03-04
rate_limited: .inf
rate_limited: no
? [a, list]
: 5
)",
     .owns = {"discord_42"},
     .claims = {},
     .neither = {"discord_x"}},
    {.what = "from known addresses alone; a long alternation, escapes that need none",
     .yaml = R"(id: slack
url: null
as_token: xoxb-1234567890abcdef
hs_token: z
sender_localpart: slackbot
ip_range_whitelist: ['127.0.0.0/8', '::1']
namespaces:
  users:
  - {exclusive: true, regex: '@(?:slack|SLACK)\_[A-Z0-9]{1,30}\:example\.com'}
)",
     .owns = {"slack_U02ABC", "SLACK_W1"},
     .claims = {},
     .neither = {"slack_u02abc"}},
    {.what = "from an editor of Windows: a byte order mark, line ends of two characters",
     .yaml = "\xef\xbb\xbf# Brücke\r\nid: xmpp\r\nurl: 'http://b:1'\r\n"
             "as_token: 5e8104a7390218b34\r\nhs_token: x\r\nsender_localpart: _xmpp_bot\r\n"
             "namespaces:\r\n  users:\r\n    - regex: '@_xmpp_.*'\r\n      exclusive: YES\r\n",
     .owns = {"_xmpp_bot", "_xmpp_=user=40host/phone"},
     .claims = {},
     .neither = {"xmpp_x"}},
    {.what = "a Python bridge of some years ago: groups, aliases, sorted keys",
     .yaml = R"(as_token: zB7...truncated-by-nobody.Q9
de.sorunome.msc2409.push_ephemeral: true
hs_token: kk
id: telegram
namespaces:
    aliases:
    -   exclusive: true
        regex: '#telegram_.*:example\.com'
    users:
    -   exclusive: true
        group_id: +telegram:example.com
        regex: '@telegram_\d+:example\.com'
    -   exclusive: true
        regex: '@telegrambot:example\.com'
push_ephemeral: true
rate_limited: false
sender_localpart: 4tPq-Zf_sT.w=x/y+z
url: http://localhost:29317
)",
     .owns = {"telegram_4711", "telegrambot", "4tPq-Zf_sT.w=x/y+z"},
     .claims = {},
     .neither = {"telegram_x"}},
    {.what = "a service behind a tunnel, its lists shared by anchors, a directive at the top",
     .yaml = R"(%YAML 1.1
---
url: websocket
id: "sh-signal"
as_token: as_3f8bd0c1-55a2-4c1e-9d59-7e0f
hs_token: hs_0
sender_localpart: "signalBot"
x-all: &all
- &one {regex: "@user_signal_.+:example[.]com", exclusive: True}
namespaces: {users: *all, rooms: [], aliases: []}
msc3202: !!bool on
"org.matrix.msc3202": TRUE
)",
     .owns = {"signalBot", "user_signal_x"},
     .claims = {},
     .neither = {"signalbot", "user_signal_"}},
    {.what = "capitals either way, long repetitions, classes as people write them",
     .yaml = R"(id: wild
url: null
as_token: "\x21\u0024%abcdefghijkl\\"
hs_token: x
sender_localpart: wild
namespaces:
  users:
  - {exclusive: true, regex: '(?i)\A@IRC_[^:]{1,255}:example\.com\b$'}
  - {exclusive: true, regex: '@(?i:Slack)_(?:[a-z0-9._=/-]{1,200}|\*+?)(:.*)?'}
  - {exclusive: false, regex: '@tg[a-z-0-9_][^]:]*:'}
)",
     .owns = {"irc_Nick", "IRC_x", "SLACK_u2", "slack_*"},
     .claims = {"tg-x", "tg5[x"},
     .neither = {"tgx]", "ircx"}},
};

TEST(RegistrationSamples, AreTaken) {
  for (const Sample& sample : kTaken) {
    Files files;
    files.write("sample", sample.yaml);
    auto loaded = files.load();
    ASSERT_TRUE(loaded.has_value())
        << sample.what << ": " << ::testing::PrintToString(error_of(loaded));
    const Service& service = loaded->all().front();
    for (const std::string& name : sample.owns) {
      EXPECT_TRUE(service.owns(name)) << sample.what << ": " << name;
    }
    for (const std::string& name : sample.claims) {
      EXPECT_TRUE(service.claims(name)) << sample.what << ": " << name;
      EXPECT_FALSE(service.owns(name)) << sample.what << ": " << name;
    }
    for (const std::string& name : sample.neither) {
      EXPECT_FALSE(service.claims(name)) << sample.what << ": " << name;
    }
    const std::vector<std::string> warnings(loaded->warnings().begin(), loaded->warnings().end());
    EXPECT_THAT(warnings, sample.warnings) << sample.what;
  }
}

// What no homeserver takes either, or what would mean something else here.
TEST(RegistrationSamples, AreRefusedWithTheReason) {
  const std::string head = "id: x\nurl: null\nhs_token: y\n";
  const std::string users =
      "sender_localpart: x\nas_token: 9f4b1c7d2e8a6053\nnamespaces:\n  users:\n";
  struct Row {
    std::string yaml;
    std::string reason;
  };
  for (const auto& [yaml, reason] : std::initializer_list<Row>{
           {head + users + "  - {exclusive: true, regex: '@x_.{,30}:'}", "write {0,30}"},
           {head + users + "  - {exclusive: true, regex: '@(?!admin).*'}", "no look-ahead"},
           {head + users + "  - {exclusive: true, regex: '@x_.*(?<!bot):'}", "look-behind"},
           {head + users + "  - {exclusive: true, regex: '@x_[[:alnum:]]+:'}",
            "write the characters"},
           {head + users + "  - {exclusive: true, regex: \"@x_.*:example\\.com\"}",
            "this is not YAML"},
           {head + users + "  - {exclusive: true, regex: @x_}", "this is not YAML"},
           {head + users + "  - {exclusive: maybe, regex: x}", "exclusive: expected true or false"},
           {head + users + "  - {exclusive: \"true\", regex: x}",
            "exclusive: expected true or false"},
           {head + users + "  - {regex: x}", "exclusive: is missing"},
           {head + users + "  - '@x_.*'", "users[0]: expected an object"},
           {head + users + "    exclusive: true\n    regex: x",
            "namespaces.users: expected a list"},
           {head + "sender_localpart: '@x:example.com'\nas_token: 9f4b1c7d2e8a6053",
            "without the @"},
           {head + "sender_localpart: x\nas_token: 1234567890123456", "put the text in quotes"},
           {head + "sender_localpart: x\nas_token: 'two words of it'", "no spaces"},
           {head + "sender_localpart: x\nas_token: *secret", "this is not YAML"},
           {head + "sender_localpart: x\nas_token: !secret", "expected a string"},
           {head + "sender_localpart: on\nas_token: 9f4b1c7d2e8a6053", "put the text in quotes"},
           {head + users + "  - {exclusive: y, regex: x}", "exclusive: expected true or false"},
           {head + users + "  - {exclusive: 1, regex: x}", "exclusive: expected true or false"},
           {head + users + "  - {exclusive: true, regex: null}", "regex: expected a string"},
           {head + users + "  - {exclusive: true, regex: '@x_.*+:'}", "bad repetition operator"},
           {head + users + "  - {exclusive: true, regex: '@x_\\u0041'}", "invalid escape"},
           {head + users + "  - {exclusive: true, regex: '@x_.{1,1001}'}", "invalid repetition"},
           {"---\n" + head + "sender_localpart: x\nas_token: 9f4b1c7d2e8a6053\n---\nid: y",
            "several YAML documents"},
           {head + "sender_localpart: x\nas_token: 0x9f4b1c7d2e8a6053", "put the text in quotes"},
           {head + "sender_localpart: x\nas_token: 1_234_567_890_123", "put the text in quotes"},
           {head + "sender_localpart: x\nas_token: ''", "must not be empty"},
           {head + "sender_localpart: x:example.com\nas_token: 9f4b1c7d2e8a6053",
            "before the colon"},
           {head + "sender_localpart: x\nas_token: 9f4b1c7d2e8a6053\nip_range_whitelist: [lan]",
            "ip_range_whitelist[0]: is not an address"},
       }) {
    Files files;
    files.write("sample", yaml);
    const auto loaded = files.load();
    ASSERT_FALSE(loaded.has_value()) << yaml;
    EXPECT_THAT(error_of(loaded), ElementsAre(HasSubstr(reason))) << yaml;
  }
}

}  // namespace
}  // namespace latchkey::services
