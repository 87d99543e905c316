#include "endpoints/pages/words.h"

#include <algorithm>
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

// Never a wrong password: nobody could say.
Refused away(const Language& language, std::string_view provider, Duration wait) {
  return {.status = 503,
          .sentence = language.say(texts::ProviderUnavailable{.provider = provider}),
          .retry_after = wait};
}

// "PASSWORD_ERROR"
std::string marker(std::string_view field, std::string_view of) {
  std::string name(field);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name.append(of);
}

Refused at(std::string_view field, Refused refused) {
  refused.field = field;
  return refused;
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

Refused wrong_field(const Language& language, std::string_view field, Text sentence) {
  return at(field, plain(language, 400, sentence));
}

Refused words(const Language& language, const accounts::WeakPassword& password) {
  return at("password", weak(language, password));
}

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
    case Why::directory_away:
      return away(language, refused.provider, refused.retry_after);
    case Why::directory_refuses:
      return {.status = 403,
              .sentence = language.say(texts::ProviderDenied{.provider = refused.provider})};
    case Why::wrong_credentials:
    case Why::token_not_good:
    case Why::too_many_devices:
    case Why::outside_namespace:
    case Why::not_registered:
    case Why::first_time:  // which is asked something where it can be
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
      return at("user", plain(language, 400, Text::error_name_form));
    case Why::username_taken:
    case Why::reserved:
    case Why::exclusive:
      return at("user", plain(language, 400, Text::error_name_taken));
    case Why::weak_password:
      return words(language, refused.weak.value());
    case Why::too_many:
      return later(language, refused.retry_after);
    case Why::terms_needed:
      return at("terms", plain(language, 400, Text::error_terms));
    case Why::not_wanted:
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
      return at("password", plain(language, 403, Text::error_password_needed));
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
      return at("current", plain(language, 403, Text::error_password));
    case Why::same_password:
      return at("password", plain(language, 400, Text::error_same_password));
    case Why::link_not_valid:
      return plain(language, 410, Text::recover_gone_why);
    case Why::weak_password:
      return words(language, refused.weak.value());
    case Why::too_many_failures:
      return later(language, refused.retry_after);
    case Why::directory_away:
      return away(language, refused.provider, refused.retry_after);
    case Why::password_elsewhere:
      return {.status = 403,
              .sentence = language.say(texts::PasswordElsewhereWhy{.provider = refused.provider})};
    case Why::busy:
      break;
  }
  return busy(language, refused.retry_after);
}

void put_refusals(html::Page& page, std::span<const Refused> refusals,
                  std::initializer_list<std::string_view> fields, std::string_view otherwise) {
  if (!refusals.empty()) page.status = refusals.front().status;
  bool focus_given = false;
  for (const std::string_view field : fields) {
    const auto refused = std::ranges::find(refusals, field, &Refused::field);
    if (refused == refusals.end()) continue;
    page.values.add_text(marker(field, "_ERROR"), refused->sentence);
    if (!focus_given) page.values.add(marker(field, "_FOCUS"));
    focus_given = true;
  }
  if (!focus_given && !otherwise.empty()) page.values.add(marker(otherwise, "_FOCUS"));
  for (const Refused& refused : refusals) {
    if (std::ranges::find(fields, refused.field) == fields.end()) {
      page.values.add_text("ERROR", refused.sentence);
    }
  }
}

void put_retry(http::Response& response, std::span<const Refused> refusals) {
  Duration wait{0};
  for (const Refused& refused : refusals) wait = std::max(wait, refused.retry_after);
  if (wait > Duration{0}) request::put_retry_after(response, wait);
}

}  // namespace latchkey::pages
