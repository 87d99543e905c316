#include "endpoints/admin/say.h"

#include <gtest/gtest.h>

namespace latchkey::admin {
namespace {

using administration::AdminRefused;

// What operators read, and scripts look for: sentences stay as they are.
TEST(Words, EachReasonHasItsSentence) {
  using enum AdminRefused::Why;
  using accounts::WeakPassword;
  const std::pair<AdminRefused, std::string_view> cases[] = {
      {{no_such_user, "bob"}, "there is no user bob"},
      {{not_a_name, "Bob"}, "'Bob' is not a user name: use a-z, 0-9 and ._=-/+"},
      {{name_taken, "bob"}, "the name bob is taken"},
      {{.why = weak_password, .weak = WeakPassword{WeakPassword::Why::too_short, 8}},
       "The password is too short: use at least 8 characters."},
      {{busy}, "the server is busy with other passwords; try again"},
      {{no_passwords}, "sign-in by password is not enabled"},
      {{deactivated}, "the account is deactivated"},
      {{locked}, "the account is locked"},
      {{already_deactivated}, "the account is deactivated already"},
      {{already_erased}, "the account is erased already"},
      {{not_deactivated}, "the account is not deactivated"},
      {{no_such_session}, "there is no such session"},
      {{session_over}, "the session is over already"},
      {{session_ended}, "the session has ended already"},
      {{gap_ends_before_it_begins}, "the gap ends before it begins"},
      {{not_an_email_address, "nothing"}, "'nothing' is not an e-mail address"},
      {{not_a_phone_number, "0170"},
       "'0170' is not a phone number in international form, like +49 170 1234567"},
      {{not_a_medium, "irc"}, "'irc' is not a medium: email or msisdn"},
      {{address_taken, "a@example.com"}, "a@example.com is taken"},
      {{not_theirs, "a@example.com", "bob"}, "a@example.com is not one of bob"},
      {{not_a_token}, "a registration token has 1 to 64 characters of A-Z, a-z, 0-9 and ._~-"},
      {{not_a_token_name}, "a name has at most 100 characters, on one line"},
      {{token_without_use}, "it must allow one use at least"},
      {{token_expired_at_once}, "it would be expired at once"},
      {{token_exists}, "there is such a token already"},
      {{no_such_token}, "there is no such registration token"},
      {{already_revoked}, "the token is revoked already"},
      {{upkeep_busy}, "the server is busy with its keys and backups; try again"},
      {{not_done, "the key file is gone"}, "the key file is gone"},
  };
  for (const auto& [refused, sentence] : cases) EXPECT_EQ(sentence_of(refused), sentence);
}

}  // namespace
}  // namespace latchkey::admin
