#include "endpoints/pages/words.h"

#include <fmt/format.h>

#include <chrono>

#include "endpoints/request/origin.h"
#include "platform/text/rfc3339.h"

namespace latchkey::pages {
namespace {

using namespace std::chrono_literals;

constexpr Duration kBusyFor = 2s;

std::string filled(Language language, std::string_view key, std::int64_t number) {
  return fmt::format(fmt::runtime(text(language, key)), number);
}

Refused plain(Language language, int status, std::string_view key) {
  return {.status = status, .sentence = std::string(text(language, key))};
}

Refused later(Language language, Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {
      .status = 429, .sentence = filled(language, "ERROR_TOO_MANY", seconds), .retry_after = wait};
}

Refused busy(Language language, Duration wait = kBusyFor) {
  return {
      .status = 503, .sentence = std::string(text(language, "ERROR_BUSY")), .retry_after = wait};
}

Refused weak(Language language, const accounts::WeakPassword& password) {
  using enum accounts::WeakPassword::Why;
  switch (password.why) {
    case not_text:
      return plain(language, 400, "ERROR_WEAK_NO_TEXT");
    case too_short:
      return {.status = 400, .sentence = filled(language, "ERROR_WEAK_SHORT", password.limit)};
    case too_long:
      return {.status = 400, .sentence = filled(language, "ERROR_WEAK_LONG", password.limit)};
    case from_names:
      return plain(language, 400, "ERROR_WEAK_NAMES");
    case easy:
      break;
  }
  return plain(language, 400, "ERROR_WEAK");
}

struct Mark {
  std::string_view sign;
  std::string_view name;
};

// The first that fits: later ones are named by the earlier too, for old sites' sake.
constexpr Mark kBrowsers[] = {{"Element", "Element"},  {"Edg", "Edge"},       {"OPR/", "Opera"},
                              {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Chrome/", "Chrome"},
                              {"CriOS/", "Chrome"},    {"Safari/", "Safari"}};
constexpr Mark kSystems[] = {{"Android", "Android"}, {"iPhone", "iPhone"},  {"iPad", "iPad"},
                             {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}};

template <std::size_t N>
std::string_view first_of(const Mark (&marks)[N], std::string_view text) {
  for (const Mark& mark : marks) {
    if (text.contains(mark.sign)) return mark.name;
  }
  return {};
}

}  // namespace

std::string ago(Language language, Time time, Time now) {
  const Duration past = now - time;
  if (past < 1min) return std::string(text(language, "JUST_NOW"));
  if (past < 1h) return filled(language, "MINUTES_AGO", past / 1min);
  if (past < 24h) return filled(language, "HOURS_AGO", past / 1h);
  if (past < 48h) return std::string(text(language, "YESTERDAY"));
  if (past < 24h * 7) return filled(language, "DAYS_AGO", past / 24h);
  return text::format_rfc3339(time).substr(0, 10);
}

std::string browser_name(Language language, std::string_view user_agent) {
  const std::string_view browser = first_of(kBrowsers, user_agent);
  const std::string_view system = first_of(kSystems, user_agent);
  if (browser.empty()) return std::string(system);
  if (system.empty()) return std::string(browser);
  return fmt::format(fmt::runtime(text(language, "ON_SYSTEM")), browser, system);
}

std::string_view way_of(Language language, sessions::Method method) {
  switch (method) {
    case sessions::Method::password:
      return text(language, "HOW_PASSWORD");
    case sessions::Method::login_token:
      return text(language, "HOW_LOGIN_TOKEN");
    case sessions::Method::application_service:
      return text(language, "HOW_SERVICE");
    case sessions::Method::registration:
      return text(language, "HOW_REGISTRATION");
    case sessions::Method::authorization_code:
      return text(language, "HOW_BROWSER");
    case sessions::Method::device_code:
      return text(language, "HOW_DEVICE_CODE");
  }
  return text(language, "UNKNOWN");
}

Refused words(Language language, const signin::LoginRefused& refused) {
  using Why = signin::LoginRefused::Why;
  switch (refused.why) {
    case Why::account_deactivated:
      return plain(language, 403, "ERROR_DEACTIVATED");
    case Why::account_locked:
      return plain(language, 403, "ERROR_LOCKED");
    case Why::too_many_failures:
      return later(language, refused.retry_after);
    case Why::busy:
      return busy(language, refused.retry_after);
    case Why::not_offered:
      return plain(language, 403, "ERROR_NO_PASSWORDS");
    case Why::wrong_credentials:
    case Why::token_not_good:
    case Why::too_many_devices:
    case Why::outside_namespace:
    case Why::not_registered:
    case Why::service_itself:
      break;
  }
  return plain(language, 403, "ERROR_CREDENTIALS");
}

Refused words(Language language, const signin::RegistrationRefused& refused) {
  using Why = signin::RegistrationRefused::Why;
  switch (refused.why) {
    case Why::closed:
      return plain(language, 403, "SIGN_UP_CLOSED_WHY");
    case Why::invalid_username:
      return plain(language, 400, "ERROR_NAME_FORM");
    case Why::username_taken:
    case Why::reserved:
    case Why::exclusive:
      return plain(language, 400, "ERROR_NAME_TAKEN");
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

Refused words(Language language, const signin::WebRefusal& refusal) {
  if (const auto* blocked = std::get_if<signin::WebBlocked>(&refusal.why)) {
    return later(language, blocked->retry_after);
  }
  if (const auto* password = std::get_if<accounts::NewPasswordRefused>(&refusal.why)) {
    if (password->why == accounts::NewPasswordRefused::Why::weak) {
      return weak(language, password->weak.value());
    }
    return busy(language);
  }
  switch (std::get<signin::WebRefused>(refusal.why)) {
    case signin::WebRefused::not_fresh:
      return plain(language, 403, "ERROR_PASSWORD_NEEDED");
    case signin::WebRefused::signed_out:
      return plain(language, 403, "SIGN_IN_FIRST");
    case signin::WebRefused::no_such_device:
      return plain(language, 404, "DEVICE_MISSING_WHY");
    case signin::WebRefused::wrong_password:
      return plain(language, 403, "ERROR_PASSWORD");
    case signin::WebRefused::no_longer_valid:
      return plain(language, 410, "RECOVER_GONE_WHY");
    case signin::WebRefused::busy:
      break;
  }
  return busy(language);
}

void put_retry(http::Response& response, const Refused& refused) {
  if (refused.retry_after <= Duration{0}) return;
  request::put_retry_after(response, refused.retry_after);
}

}  // namespace latchkey::pages
