#pragma once

#include <span>
#include <string>
#include <string_view>

#include "endpoints/pages/terms.h"
#include "platform/html/pages.h"
#include "platform/http/message.h"
#include "platform/texts/language.h"

// The pages of user-interactive authentication for people whose client does not know a stage
// (spec "Fallback"). They work without JavaScript. Values in, pages out: nothing is decided here.
namespace latchkey::matrix {

// What the forms post to the page's own path, as application/x-www-form-urlencoded.
namespace fallback_field {
inline constexpr std::string_view kSession = "session";    // in each
inline constexpr std::string_view kPassword = "password";  // m.login.password
inline constexpr std::string_view kToken = "token";        // m.login.registration_token
inline constexpr std::string_view kTerms = "terms";        // all of them, for what is wrong
}  // namespace fallback_field

struct FallbackForm {
  std::string session;
  std::string purpose =
      {};  // "Confirm that it is you, @alice:example.org, to delete the device PHONE."
  std::string error = {};  // what was wrong with the last try; empty: nothing
  int status = 200;
  std::string_view error_at = {};  // the field that it is about; empty: the form
};

// In the language of who reads them. `user_id` is shown, and tells a password manager whose
// password is wanted.
http::Response password_page(const html::Pages& pages, const texts::Language& language,
                             const FallbackForm& form, std::string_view user_id);
http::Response registration_token_page(const html::Pages& pages, const texts::Language& language,
                                       const FallbackForm& form);
http::Response terms_page(const html::Pages& pages, const texts::Language& language,
                          const FallbackForm& form, std::span<const pages::Policy> policies);
http::Response dummy_page(const html::Pages& pages, const texts::Language& language,
                          const FallbackForm& form);

// The stage is completed: tells the client, when it listens, and the person.
http::Response done_page(const html::Pages& pages, const texts::Language& language);

// The session is unknown, expired or used up; `sentence` says which, if that may be known.
http::Response gone_page(const html::Pages& pages, const texts::Language& language,
                         std::string_view sentence, int status = 404);

}  // namespace latchkey::matrix
