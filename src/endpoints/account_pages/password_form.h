#pragma once

#include <optional>
#include <string>

#include "endpoints/pages/visit.h"
#include "endpoints/pages/words.h"

namespace latchkey::account_pages {

// The form in which a new password is set: with the current one, or by a recovery link.
struct PasswordForm {
  std::string_view title;
  std::string_view action;
  std::string account;    // the full Matrix ID
  std::string link = {};  // the recovery link's token; empty: the current password is asked for
  std::string purpose = {};
  bool logout_devices = false;  // at first not: it can cost the keys of messages
  std::string kept = {};        // names of the devices that stay signed in whatever is ticked
  pages::Refused refused = {};
};
http::Response password_form(const pages::AccountPages& pages, const http::Request& request,
                             const PasswordForm& form);

// What is seen at once in it; absent: nothing is wrong.
std::optional<pages::Refused> wrong_new_password(const pages::Language& language,
                                                 const http::Form& sent);

}  // namespace latchkey::account_pages
