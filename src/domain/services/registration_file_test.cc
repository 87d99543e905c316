#include "domain/services/registration_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/token_prefixes.h"
#include "platform/config/document.h"
#include "platform/error_testing.h"

namespace latchkey::services {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kToken = "30c05ae90a248a4188e620216fa72e34";

// As the specification's example has it, with what implementations add.
constexpr const char* kWhole = R"(
id: "IRC Bridge"
url: "http://127.0.0.1:1234"
as_token: "30c05ae90a248a4188e620216fa72e34"
hs_token: "312df522183efd404ec1cd22d2ffa4bb"
sender_localpart: "_irc_bot"
namespaces:
  users:
    - exclusive: true
      regex: "@_irc_bridge_.*"
      group_id: "+irc:example.com"
    - {exclusive: false, regex: '@.*-guest:example\.com'}
  aliases:
    - exclusive: false
      regex: "#_irc_bridge_(?!not RE2's).*"
  rooms: []
rate_limited: null
protocols: ["irc"]
io.element.msc4190: true
de.sorunome.msc2409.push_ephemeral: true
)";

std::expected<Registration, std::vector<std::string>> read(const std::string& yaml) {
  const auto document = config::parse_document(yaml, config::Dialect::yaml11);
  if (!document) ADD_FAILURE() << error_of(document);
  return read_registration(document.value_or(boost::json::object{}), "example.com");
}

std::vector<std::string> errors_of(const std::string& yaml) {
  const auto service = read(yaml);
  return service ? std::vector<std::string>{} : error_of(service);
}

std::vector<std::string> warnings_of(const std::string& yaml) {
  const auto service = read(yaml);
  return service ? service->warnings : error_of(service);
}

// kWhole with one line replaced by others; without one for "".
std::string with(const std::string& field, const std::string& line) {
  std::string yaml = kWhole;
  const auto begin = yaml.find("\n" + field + ":") + 1;
  // Of `namespaces` all that is in it too.
  auto end = yaml.find('\n', begin) + 1;
  while (yaml[end] == ' ') end = yaml.find('\n', end) + 1;
  return yaml.replace(begin, end - begin, line.empty() ? "" : line + "\n");
}

TEST(RegistrationFile, IsReadWhole) {
  const auto whole = read(kWhole);
  ASSERT_TRUE(whole.has_value()) << testing::PrintToString(error_of(whole));
  EXPECT_THAT(whole->warnings, IsEmpty());
  const Service* const service = &whole->service;
  EXPECT_EQ(service->id, "IRC Bridge");
  EXPECT_EQ(service->sender_localpart, "_irc_bot");
  EXPECT_EQ(service->server_name, "example.com");
  EXPECT_EQ(service->as_token.reveal(), kToken);
  ASSERT_EQ(service->users.size(), 2U);
  EXPECT_TRUE(service->users[0].exclusive());
  EXPECT_TRUE(service->users[0].holds("@_irc_bridge_alice:example.com"));
  EXPECT_FALSE(service->users[1].exclusive());
  EXPECT_TRUE(service->users[1].holds("@alice-guest:example.com"));
}

TEST(RegistrationFile, WhatMayBe) {
  for (const auto& [field, line] : std::initializer_list<std::pair<std::string, std::string>>{
           {"url", "url: null"},
           {"url", "url:"},
           {"url", "url: \"\""},
           {"namespaces", "namespaces: {}"},
           {"namespaces", "namespaces: {users: []}"},
           {"namespaces", "namespaces: {users: [{exclusive: false, regex: \"\"}]}"},
           {"namespaces", "namespaces: {aliases: 5, rooms: [5]}"},
           {"namespaces", "namespaces: {users:}"},
           {"namespaces",
            "namespaces: {users: [{exclusive: yes, regex: a}, {exclusive: off, regex: a}]}"},
           {"namespaces", "namespaces: {users: [{exclusive: !!bool \"true\", regex: a}]}"},
           {"as_token", "as_token: abcdefghijklm-._~+/=="},
           {"as_token", "as_token: \"!$%&*:@,;=#'()[]{}<>|^`?\\\\\""},
           {"as_token", "as_token: a=b!c$d%e&f*g:h@i,j;k"},
           {"as_token", "as_token: 30e45678901234567"},
           {"as_token", "as_token: >-\n  abcdefghijklmnop"},
           {"as_token", "as_token: abcdefghijklmnop"},
           {"as_token", "as_token: lkx_efghijklmnop"},
           {"hs_token", "hs_token: short"},
           {"sender_localpart", "sender_localpart: a.b_c=d-e/f+9"},
           {"sender_localpart", "sender_localpart: kVq9ZzT0bWfXyA2mN8cLrE4hJ6dGsP1u"},
           {"ip_range_whitelist", "ip_range_whitelist: [10.0.0.0/8, \"::1\"]"},
           {"rate_limited", "rate_limited: .inf"},
           {"rate_limited", "rate_limited: !vault 5"},
           {"rate_limited", "rate_limited: 1\nrate_limited: 2"},
           {"rate_limited", "? [rate, limited]\n: 5"},
           {"protocols", "protocols: 2001-01-01"},
           {"rate_limited", ""},
           {"rate_limited", "rate_limited: false"},
           {"protocols", "protocols: 5"},
       }) {
    EXPECT_THAT(errors_of(with(field, line)), IsEmpty()) << line;
  }
}

TEST(RegistrationFile, SentenceOfEachError) {
  struct Row {
    std::string field;
    std::string line;
    std::string sentence;
  };
  const std::string long_text(16385, 'x');
  for (const auto& [field, line, sentence] : std::initializer_list<Row>{
           {"id", "", "id: is missing"},
           {"id", "id: [5]", "id: expected a string"},
           {"id", "id: 5",
            "id: is a number, true or false for readers of YAML: put the text in quotes"},
           {"id", "id: on",
            "id: is a number, true or false for readers of YAML: put the text in quotes"},
           {"id", "id: \"\"", "id: must not be empty"},
           {"id", "id: " + long_text, "id: is longer than 16384 bytes"},
           {"id", "id: \"a\\0b\"", "id: holds a character U+0000"},
           {"as_token", "", "as_token: is missing"},
           {"as_token", "as_token: 1234567890123456789",
            "as_token: is a number, true or false for readers of YAML: put the text in quotes"},
           {"as_token", "as_token: \"\"", "as_token: must not be empty"},
           {"as_token", "as_token: abcdefgh ijklmnop",
            "as_token: may have letters, digits and signs of ASCII only, and no spaces"},
           {"as_token", "as_token: abcdefghijklmnöp",
            "as_token: may have letters, digits and signs of ASCII only, and no spaces"},
           {"as_token", "as_token: !abcdefghijklmnop", "as_token: expected a string"},
           {"as_token", "as_token: lka_efghijklmnop",
            "as_token: must not begin with 'lka_', as Latchkey's own tokens do"},
           {"sender_localpart", "", "sender_localpart: is missing"},
           {"sender_localpart", "sender_localpart: [bot]", "sender_localpart: expected a string"},
           {"sender_localpart", "sender_localpart: \"\"", "sender_localpart: must not be empty"},
           {"sender_localpart", "sender_localpart: \"@bot:example.com\"",
            "sender_localpart: '@bot:example.com' is not the part of a Matrix ID before the "
            "colon, without the @"},
           {"sender_localpart", "sender_localpart: \"@bot\"",
            "sender_localpart: '@bot' is not the part of a Matrix ID before the colon, without the "
            "@"},
           {"sender_localpart", "sender_localpart: the bot",
            "sender_localpart: 'the bot' is not the part of a Matrix ID before the colon, without "
            "the @"},
           {"namespaces", "namespaces: []", "namespaces: expected an object"},
           {"namespaces", "namespaces: {users: {}}", "namespaces.users: expected a list"},
           {"namespaces", "namespaces: {users: [\"@a\"]}",
            "namespaces.users[0]: expected an object"},
           {"namespaces", "namespaces: {users: [{exclusive: true}]}",
            "namespaces.users[0].regex: is missing"},
           {"namespaces", "namespaces: {users: [{regex: a}]}",
            "namespaces.users[0].exclusive: is missing"},
           {"namespaces", "namespaces: {users: [{regex: a, exclusive: 1}]}",
            "namespaces.users[0].exclusive: expected true or false"},
           {"namespaces",
            "namespaces: {users: [{regex: a, exclusive: true}, {regex: \"@(a\", exclusive: true}]}",
            "namespaces.users[1].regex: is no regular expression of RE2's: missing ): @(a"},
           {"namespaces", "namespaces: {users: [{regex: \"@(?!a).*\", exclusive: true}]}",
            "namespaces.users[0].regex: holds '(?!': RE2 has no look-ahead, look-behind, "
            "back-references, conditions, atomic groups and comments: write it without"},
           {"namespaces", "namespaces: {users: [{regex: \"@a{,5}\", exclusive: true}]}",
            "namespaces.users[0].regex: holds '{,5}', which is a repetition for some readers and "
            "those characters for others: write {0,5}"},
           {"namespaces", "namespaces: {users: [{exclusive: true, regex: 5}]}",
            "namespaces.users[0].regex: is a number, true or false for readers of YAML: put the "
            "text in quotes"},
           {"protocols", "ip_range_whitelist: 10.0.0.0/8", "ip_range_whitelist: expected a list"},
           {"protocols", "ip_range_whitelist: [10.0.0.0/8, intranet]",
            "ip_range_whitelist[1]: is not an address, or a network such as 10.0.0.0/8"},
       }) {
    EXPECT_THAT(errors_of(with(field, line)), ElementsAre(sentence)) << line;
  }
}

// Whatever this server hands out: else it would take a service for a person, or the reverse.
TEST(RegistrationFile, TakesNoTokenThatLooksLikeOneOfOurs) {
  for (const std::string_view prefix : kTokenPrefixes) {
    const std::string token = std::string(prefix) + "efghijklmnop";
    EXPECT_THAT(errors_of(with("as_token", "as_token: " + token)),
                ElementsAre("as_token: must not begin with '" + std::string(prefix) +
                            "', as Latchkey's own tokens do"));
  }
}

TEST(RegistrationFile, WhatWorksButIsNotWell) {
  const std::string line_break =
      ": ends with a line break, which is left out here; other readers keep it: write '>-'";
  struct Row {
    std::string field;
    std::string line;
    std::string sentence;
  };
  for (const auto& [field, line, sentence] : std::initializer_list<Row>{
           {"as_token", "as_token: hunter2",
            "as_token: is shorter than 16 characters; whoever guesses it can be every user of the "
            "service"},
           {"as_token", "as_token: |\n  abcdefghijklmnop", "as_token" + line_break},
           {"sender_localpart", "sender_localpart: >\n  bot", "sender_localpart" + line_break},
           {"namespaces", "namespaces:\n  users:\n  - regex: >\n      @irc_.*\n    exclusive: true",
            "namespaces.users[0].regex" + line_break},
           {"namespaces", "",
            "namespaces: is missing; the service has its own user only, and homeservers want it"},
           {"namespaces", "namespaces:",
            "namespaces: is missing; the service has its own user only, and homeservers want it"},
           {"url", "", "url: is neither a text nor null; homeservers want one of the two"},
           {"url", "url: 5", "url: is neither a text nor null; homeservers want one of the two"},
           {"hs_token", "", "hs_token: is no text; homeservers want one"},
           {"hs_token", "hs_token:", "hs_token: is no text; homeservers want one"},
           {"hs_token", "hs_token: \"\"", "hs_token: is no text; homeservers want one"},
           {"hs_token", "hs_token: 12345678901234567890123",
            "hs_token: is no text; homeservers want one"},
       }) {
    const auto read_so = read(with(field, line));
    ASSERT_TRUE(read_so.has_value()) << line << testing::PrintToString(error_of(read_so));
    EXPECT_THAT(read_so->warnings, ElementsAre(sentence)) << line;
  }
  const auto broken = read(with("namespaces",
                                "namespaces:\n  users:\n  - regex: |\n      @irc_\n"
                                "    exclusive: on"));
  EXPECT_TRUE(broken->service.owns("irc_x"));
  EXPECT_EQ(read(with("as_token", "as_token: |\n  abcdefghijklmnop"))->service.as_token.reveal(),
            "abcdefghijklmnop");
}

TEST(RegistrationFile, ReportsEveryError) {
  EXPECT_THAT(errors_of("a: b"), ElementsAre("id: is missing", "sender_localpart: is missing",
                                             "as_token: is missing"));
  EXPECT_THAT(errors_of(with("as_token", "as_token: lka_ ü")),
              ElementsAre(HasSubstr("must not begin"), HasSubstr("may have letters")));
  EXPECT_THAT(errors_of(with("namespaces",
                             "namespaces: {users: [5, {}, {regex: (, exclusive: 5}, "
                             "{regex: (, exclusive: true}]}")),
              ElementsAre(HasSubstr("users[0]"), HasSubstr("users[1]"), HasSubstr("users[2]"),
                          HasSubstr("users[3]")));
}

TEST(RegistrationFile, NoTokenShowsInErrors) {
  for (const char* line : {"as_token: lka_hunter2", "as_token: hunter2 hunter2",
                           "as_token: [hunter2]", "as_token: !hunter2"}) {
    EXPECT_THAT(errors_of(with("as_token", line)), Not(IsEmpty()));
    EXPECT_THAT(errors_of(with("as_token", line)), Each(Not(HasSubstr("hunter2"))));
  }
  for (const char* line : {"as_token: hunter2", "as_token: |\n  hunter2"}) {
    EXPECT_THAT(warnings_of(with("as_token", line)), Not(IsEmpty()));
    EXPECT_THAT(warnings_of(with("as_token", line)), Each(Not(HasSubstr("hunter2"))));
  }
}

}  // namespace
}  // namespace latchkey::services
