#include "endpoints/pages/confirmation.h"

#include "platform/http/percent.h"

namespace latchkey::pages {
namespace {

using texts::Text;

std::string with_session(std::string_view path, std::string_view session) {
  return std::string(path).append("?session=").append(http::percent_encode(session));
}

}  // namespace

std::string confirm_path(std::string_view session) { return with_session(kConfirm, session); }

std::string confirmed_path(std::string_view session) {
  return with_session("/_matrix/client/v3/auth/m.login.sso/fallback/web", session);
}

std::string purpose_of(const texts::Language& language, std::string_view operation,
                       std::string_view user_id) {
  constexpr std::string_view kDevice = "DELETE /devices/";
  if (operation == "POST /register") return std::string(language.say(Text::fallback_registers));
  if (operation == "POST /account/password") {
    return language.say(texts::FallbackNewPassword{.user = user_id});
  }
  if (operation == "POST /account/deactivate") {
    return language.say(texts::FallbackDeactivates{.user = user_id});
  }
  if (operation == "POST /login/get_token") {
    return language.say(texts::FallbackOtherDevice{.user = user_id});
  }
  if (operation.starts_with(kDevice)) {
    return language.say(
        texts::FallbackDeletesDevice{.device = operation.substr(kDevice.size()), .user = user_id});
  }
  return language.say(texts::FallbackDeletesDevices{.user = user_id});
}

}  // namespace latchkey::pages
