#include "endpoints/request/weak_password.h"

#include <gtest/gtest.h>

namespace latchkey::request {
namespace {

// Clients show them as they are, and scripts look for them: sentences stay as they are.
TEST(WeakPassword, EachReasonHasItsSentence) {
  using enum accounts::WeakPassword::Why;
  const std::pair<accounts::WeakPassword, std::string_view> cases[] = {
      {{not_text}, "The password is not valid text."},
      {{too_short, 8}, "The password is too short: use at least 8 characters."},
      {{too_long, 1024}, "The password is too long: use at most 1024 bytes."},
      {{from_names},
       "The password is easy to guess from the name of the user or of the server: use other "
       "words."},
      {{easy}, "The password is easy to guess: add another word or two."},
  };
  for (const auto& [weak, sentence] : cases) EXPECT_EQ(sentence_of(weak), sentence);
}

}  // namespace
}  // namespace latchkey::request
