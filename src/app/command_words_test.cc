#include "app/command_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace latchkey::app {
namespace {

using testing::Optional;

const std::vector<CommandWords>& commands() {
  static const std::vector<CommandWords> all{
      {"serve", {}, {}},
      {"config check", {}, {}},
      {"user create", {"password-stdin", "admin"}, {}},
      {"user list", {"search", "admin"}, {"search"}},
      {"user lock", {}, {}},
      {"audit", {"user", "limit"}, {"user", "limit"}},
  };
  return all;
}

std::optional<std::string> wrong(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> typed;
  for (std::string word; words >> word;) typed.push_back(word);
  const std::vector<std::string_view> arguments(typed.begin(), typed.end());
  return wrong_words(commands(), arguments);
}

TEST(CommandWords, WhatIsRightIsLeftToTheParser) {
  for (const char* line :
       {"serve", "--config F serve", "serve --config=F", "--config F user lock x",
        "user --config F lock x", "user lock --json x --config F", "user create alice --admin",
        "user list --search usr", "audit --user usr", "--json audit", "user lock -- --alice",
        "--help", "-h", "--version", "user --help", "user create --help", "config check --json"}) {
    EXPECT_EQ(wrong(line), std::nullopt) << line;
  }
}

TEST(CommandWords, TheWrongWordAndTheNearestRightOne) {
  struct Row {
    const char* line;
    const char* sentence;
  };
  for (const auto& [line, sentence] : std::initializer_list<Row>{
           {"usr", "there is no command 'usr', did you mean 'user'?"},
           {"usr list --json", "there is no command 'usr', did you mean 'user'?"},
           {"--config F usr list", "there is no command 'usr', did you mean 'user'?"},
           {"--config=F --json srve", "there is no command 'srve', did you mean 'serve'?"},
           {"user lst", "there is no command 'user lst', did you mean 'user list'?"},
           {"user --config F lst x", "there is no command 'user lst', did you mean 'user list'?"},
           {"lock user alice", "there is no command 'lock', did you mean 'user lock'?"},
           {"create alice", "there is no command 'create'; see: latchkey --help"},
           {"nonsense", "there is no command 'nonsense'; see: latchkey --help"},
           {"user nonsense",
            "there is no command 'user nonsense'; after 'user' comes one of create, list, lock"},
           {"user", "'user' needs one more word: create, list, lock"},
           {"", "what is to be done? See: latchkey --help"},
           {"--json", "what is to be done? See: latchkey --help"},
           {"user create x --admn",
            "'user create' has no option '--admn', did you mean '--admin'?"},
           {"user create --admn=yes x",
            "'user create' has no option '--admn', did you mean '--admin'?"},
           {"user lock --confg F x",
            "'user lock' has no option '--confg', did you mean '--config'?"},
           {"user lock --nonsense x",
            "'user lock' has no option '--nonsense'; see: latchkey user lock --help"},
       }) {
    EXPECT_THAT(wrong(line), Optional(testing::StrEq(sentence))) << line;
  }
}

TEST(CommandWords, TheConfigurationWithoutAnOption) {
  std::set<std::string> there;
  const auto exists = [&](const char* path) { return there.contains(path); };
  // Nothing is there: the message names the installed one.
  EXPECT_EQ(default_config_file(nullptr, exists), kInstalledConfig);
  there.insert(kLocalConfig);
  EXPECT_EQ(default_config_file(nullptr, exists), kLocalConfig);
  there.insert(kInstalledConfig);
  EXPECT_EQ(default_config_file(nullptr, exists), kInstalledConfig);
  EXPECT_EQ(default_config_file("", exists), kInstalledConfig);
  EXPECT_EQ(default_config_file("/srv/x.yaml", exists), "/srv/x.yaml");
}

TEST(CommandWords, APasswordEndsWithItsLine) {
  struct Row {
    const char* line;
    std::optional<std::string> password;
  };
  for (const auto& [line, password] :
       std::initializer_list<Row>{{"correct horse", "correct horse"},
                                  {"correct horse\r", "correct horse"},
                                  {"correct horse\r\n", "correct horse"},
                                  {" correct horse \n", " correct horse "},
                                  {"a\rb", "a\rb"},
                                  {"", std::nullopt},
                                  {"\r", std::nullopt},
                                  {"\r\n", std::nullopt}}) {
    EXPECT_EQ(password_of_line(line), password) << testing::PrintToString(line);
  }
}

}  // namespace
}  // namespace latchkey::app
