#include "domain/services/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::services {
namespace {

using testing::HasSubstr;

UserNamespace space(std::string_view regex, bool exclusive = true) {
  return UserNamespace::compile(regex, exclusive).value();
}

TEST(UserNamespace, MatchesFromTheFirstCharacter) {
  struct Row {
    const char* regex;
    const char* id;
    bool holds;
  };
  for (const auto& [regex, id, holds] : std::initializer_list<Row>{
           {R"(@_irc_.*:example\.com)", "@_irc_alice:example.com", true},
           {R"(@_irc_.*:example\.com)", "@_irc_:example.com", true},
           {R"(@_irc_.*:example\.com)", "@alice:example.com", false},
           {R"(@_irc_.*:example\.com)", "@x@_irc_a:example.com", false},
           {R"(@_irc_.*:example\.com)", "@_irc_alice:example-com", false},
           {R"(@_irc_.*:example\.com)", "@_irc_alice:example.org", false},
           {R"(^@_irc_.*:example\.com$)", "@_irc_alice:example.com", true},
           // Not to the last one.
           {"@_irc_", "@_irc_alice:example.com", true},
           {"@_irc_.*", "@_irc_alice:example.com", true},
           {"@bot", "@botanist:example.com", true},
           {"@bot$", "@bot:example.com", false},
           {"@bot:", "@botanist:example.com", false},
           {"_irc_.*", "@_irc_alice:example.com", false},
           {".*_irc_", "@my_irc_alice:example.com", true},
           // An alternative is anchored like the whole.
           {"@a|b", "@alice:example.com", true},
           {"@a|b", "@bob:example.com", false},
           {"@irc_", "@IRC_alice:example.com", false},
           {"(?i)@irc_", "@IRC_alice:example.com", true},
           {"", "@alice:example.com", true},
       }) {
    EXPECT_EQ(space(regex).holds(id), holds) << regex << " and " << id;
  }
}

TEST(UserNamespace, RefusesWhatIsNoExpression) {
  for (const auto& [regex, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {"(", "missing )"},
           {"[a", "missing ]"},
           {"*", "no argument for repetition operator"},
           {"@(?=a)", "invalid perl operator"},
           {R"((a)\1)", "invalid escape sequence"},
           {"\xff", "invalid UTF-8"},
           {"((a{100}){100}){100}", "invalid repetition size"},
           {R"(\pL{500})", "pattern too large"},
       }) {
    const auto compiled = UserNamespace::compile(regex, true);
    ASSERT_FALSE(compiled.has_value()) << regex;
    EXPECT_THAT(compiled.error(), HasSubstr("is no regular expression of RE2's: ")) << regex;
    EXPECT_THAT(compiled.error(), HasSubstr(reason)) << regex;
  }
}

// What takes a backtracking engine longer than the world will stand.
TEST(UserNamespace, TakesLinearTime) {
  EXPECT_FALSE(space("@(a*)*b$").holds("@" + std::string(250, 'a')));
  EXPECT_FALSE(space("@(a|a)*b$").holds("@" + std::string(250, 'a')));
}

TEST(Service, ClaimsAndOwns) {
  const Service service{.id = "irc",
                        .server_name = "example.com",
                        .sender_localpart = "bot",
                        .as_token = {},
                        .users = {space(R"(@irc_.*:example\.com)", true), space("@guest_", false),
                                  space(R"(@other_.*:example\.org)", true)}};
  struct Row {
    const char* localpart;
    bool claims;
    bool owns;
  };
  for (const auto& [localpart, claims, owns] :
       std::initializer_list<Row>{{"bot", true, true},
                                  {"irc_alice", true, true},
                                  {"guest_alice", true, false},
                                  {"alice", false, false},
                                  {"bots", false, false},
                                  {"Bot", false, false},
                                  {"other_alice", false, false},
                                  {"", false, false}}) {
    EXPECT_EQ(service.claims(localpart), claims) << localpart;
    EXPECT_EQ(service.owns(localpart), owns) << localpart;
  }
}

TEST(Service, ItsUserIsItsAlsoWithoutNamespaces) {
  const Service service{.id = "bot",
                        .server_name = "example.com",
                        .sender_localpart = "bot",
                        .as_token = {},
                        .users = {}};
  EXPECT_TRUE(service.claims("bot"));
  EXPECT_TRUE(service.owns("bot"));
  EXPECT_FALSE(service.claims("alice"));
}

}  // namespace
}  // namespace latchkey::services
