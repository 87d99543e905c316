#include "endpoints/pages/words.h"

#include <chrono>

#include "endpoints/request/origin.h"

namespace latchkey::pages {
namespace {

using namespace std::chrono_literals;

Refused plain(const Language& language, int status, Text text) {
  return {.status = status, .sentence = std::string(language.say(text))};
}

Refused later(const Language& language, Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {.status = 429,
          .sentence = language.say(texts::ErrorTooMany{.seconds = seconds}),
          .retry_after = wait};
}

Refused busy(const Language& language, Duration wait = accounts::kBusyFor) {
  return {
      .status = 503, .sentence = std::string(language.say(Text::error_busy)), .retry_after = wait};
}

Refused weak(const Language& language, const accounts::WeakPassword& password) {
  using enum accounts::WeakPassword::Why;
  const auto limit = static_cast<std::int64_t>(password.limit);
  switch (password.why) {
    case not_text:
      return plain(language, 400, Text::error_weak_no_text);
    case too_short:
      return {.status = 400, .sentence = language.say(texts::ErrorWeakShort{.limit = limit})};
    case too_long:
      return {.status = 400, .sentence = language.say(texts::ErrorWeakLong{.limit = limit})};
    case from_names:
      return plain(language, 400, Text::error_weak_names);
    case lacks:
      return {.status = 400,
              .sentence = language.say(
                  texts::ErrorWeakClasses{.classes = class_names(language, password.missing)})};
    case easy:
      break;
  }
  return plain(language, 400, Text::error_weak);
}

}  // namespace

std::string class_names(const Language& language, const accounts::CharacterClasses& classes) {
  std::vector<std::string> names;
  const auto name = [&](bool wanted, Text text) {
    if (wanted) names.emplace_back(language.say(text));
  };
  name(classes.digit, Text::class_digit);
  name(classes.lowercase, Text::class_lowercase);
  name(classes.uppercase, Text::class_uppercase);
  name(classes.symbol, Text::class_symbol);
  return language.list(names);
}

std::string_view way_of(const Language& language, sessions::Method method) {
  switch (method) {
    case sessions::Method::password:
      return language.say(Text::how_password);
    case sessions::Method::login_token:
      return language.say(Text::how_login_token);
    case sessions::Method::application_service:
      return language.say(Text::how_service);
    case sessions::Method::registration:
      return language.say(Text::how_registration);
    case sessions::Method::authorization_code:
      return language.say(Text::how_browser);
    case sessions::Method::device_code:
      return language.say(Text::how_device_code);
  }
  return language.say(Text::unknown);
}

Refused words(const Language& language, const signin::LoginRefused& refused) {
  using Why = signin::LoginRefused::Why;
  switch (refused.why) {
    case Why::account_deactivated:
      return plain(language, 403, Text::error_deactivated);
    case Why::account_locked:
      return plain(language, 403, Text::error_locked);
    case Why::too_many_failures:
      return later(language, refused.retry_after);
    case Why::busy:
      return busy(language, refused.retry_after);
    case Why::not_offered:
      return plain(language, 403, Text::error_no_passwords);
    case Why::no_addresses:
      return plain(language, 403, Text::error_no_addresses);
    case Why::wrong_credentials:
    case Why::token_not_good:
    case Why::too_many_devices:
    case Why::outside_namespace:
    case Why::not_registered:
      break;
  }
  return plain(language, 403, Text::error_credentials);
}

Refused words(const Language& language, const registration::RegistrationRefused& refused) {
  using Why = registration::RegistrationRefused::Why;
  switch (refused.why) {
    case Why::closed:
      return plain(language, 403, Text::sign_up_closed_why);
    case Why::invalid_username:
      return plain(language, 400, Text::error_name_form);
    case Why::username_taken:
    case Why::reserved:
    case Why::exclusive:
      return plain(language, 400, Text::error_name_taken);
    case Why::weak_password:
      return weak(language, refused.weak.value());
    case Why::too_many:
      return later(language, refused.retry_after);
    case Why::auth_used_up:
    case Why::busy:
      break;
  }
  return busy(language);
}

Refused words(const Language& language, const self::Refused& refused) {
  using Why = self::Refused::Why;
  switch (refused.why) {
    case Why::not_fresh:
    case Why::confirmation_used_up:
      return plain(language, 403, Text::error_password_needed);
    case Why::browser_signed_out:
    case Why::session_over:
    case Why::service_itself:  // no service visits pages
      return plain(language, 403, Text::sign_in_first);
    case Why::account_deactivated:
      return plain(language, 403, Text::error_deactivated);
    case Why::no_such_device:
      return plain(language, 404, Text::device_missing_why);
    case Why::switched_off:
      return plain(language, 403, Text::switched_off_why);
    case Why::wrong_password:
      return plain(language, 403, Text::error_password);
    case Why::link_not_valid:
      return plain(language, 410, Text::recover_gone_why);
    case Why::weak_password:
      return weak(language, refused.weak.value());
    case Why::too_many_failures:
      return later(language, refused.retry_after);
    case Why::busy:
      break;
  }
  return busy(language, refused.retry_after);
}

void put_retry(http::Response& response, const Refused& refused) {
  if (refused.retry_after <= Duration{0}) return;
  request::put_retry_after(response, refused.retry_after);
}

}  // namespace latchkey::pages
