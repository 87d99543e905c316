#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/registration/registration.h"
#include "domain/self/proof.h"
#include "domain/sessions/record.h"
#include "domain/signin/password_check.h"
#include "endpoints/pages/language.h"
#include "platform/html/pages.h"
#include "platform/http/message.h"

// Browsers and refusals in a person's words.
namespace latchkey::pages {

// How a device was signed in.
std::string_view way_of(const Language& language, sessions::Method method);

// "a digit and a capital letter", as they are listed in the language.
std::string class_names(const Language& language, const accounts::CharacterClasses& classes);

// What is said about a refusal, and the status of the page that says it.
struct Refused {
  int status = 400;
  std::string sentence;
  Duration retry_after{0};      // 0: not said
  std::string_view field = {};  // the input that it is about; empty: the form
};
// All that is wrong with a form, together: nobody should mend it one fault at a time.
using Refusals = std::vector<Refused>;
// What a person has to put right in one field.
Refused wrong_field(const Language& language, std::string_view field, Text sentence);

Refused words(const Language& language, const signin::LoginRefused& refused);
Refused words(const Language& language, const registration::RegistrationRefused& refused);
Refused words(const Language& language, const self::Refused& refused);
Refused words(const Language& language, const accounts::WeakPassword& weak);

// Each refusal at its field, {{PASSWORD_ERROR}} at "password", and what is about none of `fields`
// above the form, {{ERROR}}. The first field that is wrong has the focus, {{PASSWORD_FOCUS}}; if
// none is, `otherwise` has it, unless that is empty. The page has the status of the first refusal.
void put_refusals(html::Page& page, std::span<const Refused> refusals,
                  std::initializer_list<std::string_view> fields, std::string_view otherwise = {});
void put_retry(http::Response& response, std::span<const Refused> refusals);

}  // namespace latchkey::pages
