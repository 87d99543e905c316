#include "domain/services/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/error_testing.h"

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
           {"\xff", "invalid UTF-8"},
           {"((a{100}){100}){100}", "invalid repetition size"},
           {R"(\pL{500})", "pattern too large"},
       }) {
    const auto compiled = UserNamespace::compile(regex, true);
    ASSERT_FALSE(compiled.has_value()) << regex;
    EXPECT_THAT(error_of(compiled), HasSubstr("is no regular expression of RE2's: ")) << regex;
    EXPECT_THAT(error_of(compiled), HasSubstr(reason)) << regex;
  }
}

TEST(UserNamespace, RefusesWhatOthersReadOtherwise) {
  for (const auto& [regex, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {"@irc_.{,5}:",
            "holds '{,5}', which is a repetition for some readers and those "
            "characters for others: write {0,5}"},
           {"@irc_.{,}:", "write {0,}"},
           {R"(@\\{,12}:)", "write {0,12}"},
           {"@[^]]{,3}", "write {0,3}"},
           {"@(?=a)", "holds '(?=': RE2 has no look-ahead"},
           {"@(?!admin)irc_.*", "holds '(?!'"},
           {"@irc_.*(?<!x):", "holds '(?<!'"},
           {"@irc_.*(?<=x):", "holds '(?<='"},
           {R"(@(a)\1)", R"(holds '\1')"},
           {"@(?P<a>b)(?P=a)", "holds '(?P='"},
           {"@(a)?(?(1)b|c)", "holds '(?('"},
           {"@(?>a)", "holds '(?>'"},
           {"@irc_(?#the bridge).*", "holds '(?#'"},
           {R"(@irc_.*:example\.com\Z)", R"(holds '\Z', which RE2 does not have: write $)"},
           {"@irc_[[:alpha:]]+", "holds '[:'"},
           {"@irc_[_[:digit:]]+", "holds '[:'"},
       }) {
    const auto compiled = UserNamespace::compile(regex, true);
    ASSERT_FALSE(compiled.has_value()) << regex;
    EXPECT_THAT(error_of(compiled), HasSubstr(reason)) << regex;
  }
}

TEST(UserNamespace, TakesWhatMerelyLooksLikeThat) {
  for (const auto& [regex, id] : std::initializer_list<std::pair<const char*, const char*>>{
           {"@irc_.{0,5}:", "@irc_a:example.com"},
           {R"(@irc_\{,5}:)", "@irc_{,5}:example.com"},
           {"@irc_[{,5}]:", "@irc_5:example.com"},
           {"@irc_{,x}:", "@irc_{,x}:example.com"},
           {"@irc_{,5:", "@irc_{,5:example.com"},
           {R"(@irc_\(?=x:)", "@irc_=x:example.com"},
           {"@irc_[(?=]:", "@irc_(:example.com"},
           {R"(@irc_[\]{,5}]:)", "@irc_5:example.com"},
           {"@irc_[]{,5}]:", "@irc_]:example.com"},
           {"@irc_[:_]x", "@irc_:x:example.com"},
           {"@(?:irc|IRC)_", "@IRC_x:example.com"},
           {"@(?P<network>irc)_", "@irc_x:example.com"},
           {R"(@\_irc\_.*\:example\.com)", "@_irc_x:example.com"},
           {R"(\@irc\-x\/y\=z)", "@irc-x/y=z:example.com"},
           {"@irc_.{1,250}:example\\.com", "@irc_x:example.com"},
           {"^@irc_[a-z0-9]{1,200}:example\\.com$", "@irc_x:example.com"},
       }) {
    const auto compiled = UserNamespace::compile(regex, true);
    ASSERT_TRUE(compiled.has_value()) << regex << ": " << error_of(compiled);
    EXPECT_TRUE(compiled->holds(id)) << regex;
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
