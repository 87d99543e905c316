#include "domain/signin/whose_password.h"

#include <gtest/gtest.h>

#include <vector>

namespace latchkey::signin {
namespace {

using enum Word;

TEST(WhosePassword, IsOneRuleForAll) {
  struct Row {
    const char* what;
    std::optional<bool> own;
    std::vector<Heard> heard;
    Whose whose;
    std::size_t directory = 0;
  };
  const Row rows[] = {
      {"this server's own, whatever directories would say", true, {}, Whose::own},
      {"a wrong one, and no directory", false, {}, Whose::nobodys},
      {"nobody's, and no directory", std::nullopt, {}, Whose::nobodys},
      {"a directory's, though the local one is wrong", false, {{yes}}, Whose::directory},
      {"a directory's, of somebody without an account", std::nullopt, {{yes}}, Whose::directory},
      {"the second directory's", std::nullopt, {{no}, {yes}}, Whose::directory, 1},
      {"one's, though another is down", std::nullopt, {{no_answer}, {yes}}, Whose::directory, 1},
      {"one's, though another does not let its person in",
       false,
       {{denied}, {yes}},
       Whose::directory,
       1},
      {"wrong everywhere", false, {{no}, {no}}, Whose::nobodys},
      {"unknown everywhere", std::nullopt, {{no}, {no}}, Whose::nobodys},
      {"right, and not let in", std::nullopt, {{no}, {denied}}, Whose::denied, 1},
      {"right, and not let in, though another is down",
       false,
       {{denied}, {no_answer}},
       Whose::denied},
      {"a newcomer's, while the directory is down", std::nullopt, {{no_answer}}, Whose::unknown},
      {"a newcomer's, while the second directory is down",
       std::nullopt,
       {{no}, {no_answer}},
       Whose::unknown,
       1},
      {"a wrong one of an account here, which no directory knows",
       false,
       {{no_answer}},
       Whose::nobodys},
      {"wrong here, but the account's own directory is down",
       false,
       {{no_answer, true}},
       Whose::unknown},
      {"the account's own directory is down, another is not",
       std::nullopt,
       {{no}, {no_answer, true}},
       Whose::unknown,
       1},
      {"the account's own directory says no, another is down",
       std::nullopt,
       {{no_answer}, {no, true}},
       Whose::nobodys},
      {"of two directories of the account one is down",
       std::nullopt,
       {{no, true}, {no_answer, true}},
       Whose::unknown,
       1},
      {"which of two that are down is named: the account's own",
       std::nullopt,
       {{no_answer}, {no_answer, true}},
       Whose::unknown,
       1},
  };
  for (const Row& row : rows) {
    const Verdict verdict = whose_password(row.own, row.heard);
    EXPECT_EQ(verdict.whose, row.whose) << row.what;
    EXPECT_EQ(verdict.directory, row.directory) << row.what;
  }
}

}  // namespace
}  // namespace latchkey::signin
