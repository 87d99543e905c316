#include "app/command_docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace latchkey::app {
namespace {

using testing::HasSubstr;

std::string file(const std::string& path) {
  std::ifstream in(std::string(LATCHKEY_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Made anew by: latchkey config manual >config/latchkey.1
TEST(CommandDocs, ManualPageIsCurrent) { EXPECT_EQ(file("config/latchkey.1"), manual_page()); }

// Made anew by: latchkey config completion >config/latchkey.bash
TEST(CommandDocs, CompletionIsCurrent) {
  EXPECT_EQ(file("config/latchkey.bash"), bash_completion());
}

TEST(CommandDocs, EveryCommandIsInTheManual) {
  for (const Documented& command : every_command()) {
    std::string name;
    for (const char c : command.name) name += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_THAT(manual_page(), HasSubstr("\\fB" + name + "\\fR")) << command.name;
  }
}

// docs/operating/commands.md is written for people; it leaves none out.
TEST(CommandDocs, EveryCommandIsInThePageOfCommands) {
  const std::string page = file("docs/operating/commands.md");
  for (const Documented& command : every_command()) {
    EXPECT_THAT(page, HasSubstr("`" + std::string(command.name))) << command.name;
    for (const admin::Argument& argument : command.arguments) {
      if (argument.kind == admin::Argument::Kind::positional ||
          argument.kind == admin::Argument::Kind::positionals) {
        continue;
      }
      EXPECT_THAT(page, HasSubstr("--" + std::string(argument.name))) << command.name;
    }
  }
}

}  // namespace
}  // namespace latchkey::app
