#pragma once

#include <string>
#include <string_view>

#include "domain/registration/registration.h"
#include "domain/self/proof.h"
#include "domain/sessions/record.h"
#include "domain/signin/password_check.h"
#include "endpoints/pages/language.h"
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
  Duration retry_after{0};  // 0: not said
};
Refused words(const Language& language, const signin::LoginRefused& refused);
Refused words(const Language& language, const registration::RegistrationRefused& refused);
Refused words(const Language& language, const self::Refused& refused);
void put_retry(http::Response& response, const Refused& refused);

}  // namespace latchkey::pages
