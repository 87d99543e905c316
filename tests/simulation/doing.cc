#include "simulation/doing.h"

#include <array>

namespace latchkey::simulation {
namespace {

constexpr std::array<std::string_view, 22> kDoings{"use",
                                                   "refresh",
                                                   "logout",
                                                   "logout_all",
                                                   "change_password",
                                                   "delete_devices",
                                                   "deactivate",
                                                   "login",
                                                   "lock",
                                                   "unlock",
                                                   "soften",
                                                   "soften_everybody",
                                                   "soften_session",
                                                   "end_session",
                                                   "sign_out",
                                                   "start",
                                                   "reconnect",
                                                   "first_uses",
                                                   "activity",
                                                   "beat",
                                                   "purge",
                                                   "take_keys"};
static_assert(kDoings.size() == static_cast<std::size_t>(Doing::take_keys) + 1);

constexpr std::array<std::string_view, 6> kWords{"200",      "401 soft", "401 locked",
                                                 "401 hard", "403",      "503"};

}  // namespace

std::string_view name_of(Doing doing) { return kDoings[static_cast<std::size_t>(doing)]; }

std::string_view name_of(Answer::Word word) { return kWords[static_cast<std::size_t>(word)]; }

}  // namespace latchkey::simulation
