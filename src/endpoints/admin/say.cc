#include "endpoints/admin/say.h"

#include <fmt/format.h>

#include <utility>

#include "endpoints/request/weak_password.h"
#include "platform/text/counted.h"

namespace latchkey::admin {

namespace json = boost::json;

std::string sentence_of(const administration::AdminRefused& refused) {
  using Why = administration::AdminRefused::Why;
  const std::string& subject = refused.subject;
  switch (refused.why) {
    case Why::no_such_user:
      return fmt::format("there is no user {}", subject);
    case Why::not_a_name:
      return fmt::format("'{}' is not a user name: use a-z, 0-9 and ._=-/+", subject);
    case Why::name_taken:
      return fmt::format("the name {} is taken", subject);
    case Why::weak_password:
      return refused.weak ? request::sentence_of(*refused.weak) : "the password is weak";
    case Why::busy:
      return "the server is busy with other passwords; try again";
    case Why::no_passwords:
      return "sign-in by password is not enabled";
    case Why::deactivated:
      return "the account is deactivated";
    case Why::locked:
      return "the account is locked";
    case Why::already_deactivated:
      return "the account is deactivated already";
    case Why::already_erased:
      return "the account is erased already";
    case Why::not_deactivated:
      return "the account is not deactivated";
    case Why::no_such_session:
      return "there is no such session";
    case Why::session_over:
      return "the session is over already";
    case Why::session_ended:
      return "the session has ended already";
    case Why::gap_ends_before_it_begins:
      return "the gap ends before it begins";
    case Why::not_an_email_address:
      return fmt::format("'{}' is not an e-mail address", subject);
    case Why::not_a_phone_number:
      return fmt::format("'{}' is not a phone number in international form, like +49 170 1234567",
                         subject);
    case Why::not_a_medium:
      return fmt::format("'{}' is not a medium: email or msisdn", subject);
    case Why::address_taken:
      return fmt::format("{} is taken", subject);
    case Why::not_theirs:
      return fmt::format("{} is not one of {}", subject, refused.name);
    case Why::link_taken:
      return fmt::format("'{}' is linked to an account already", subject);
    case Why::no_such_link:
      return fmt::format("'{}' is not linked to '{}'", subject, refused.name);
    case Why::not_a_subject:
      return "a subject is a text of 1 to 255 bytes, without control characters";
    case Why::not_a_token:
      return "a registration token has 1 to 64 characters of A-Z, a-z, 0-9 and ._~-";
    case Why::not_a_token_name:
      return fmt::format("a name has at most {} characters, on one line",
                         administration::kLongestTokenName);
    case Why::token_without_use:
      return "it must allow one use at least";
    case Why::token_expired_at_once:
      return "it would be expired at once";
    case Why::token_exists:
      return "there is such a token already";
    case Why::no_such_token:
      return "there is no such registration token";
    case Why::already_revoked:
      return "the token is revoked already";
    case Why::upkeep_busy:
      return "the server is busy with its keys and backups; try again";
    case Why::not_done:
      return subject;
  }
  std::unreachable();
}

std::string_view standing_name(sessions::Worth worth) {
  using sessions::Worth;
  switch (worth) {
    case Worth::active:
      return "active";
    case Worth::soft:
      return "soft";
    case Worth::locked:
      return "locked";
    case Worth::ended:
      return "ended";
    case Worth::missing:
    case Worth::unknown:
      break;
  }
  return "unknown";
}

std::string say_done(const json::object&) { return "Done."; }

std::string say_ended(const json::object& answer) {
  return fmt::format("Softly ended {}.",
                     text::counted(answer.at("ended").to_number<std::size_t>(), "session"));
}

std::string without_last_break(std::string lines) {
  if (lines.ends_with('\n')) lines.pop_back();
  return lines;
}

}  // namespace latchkey::admin
