#pragma once

#include <string>
#include <string_view>

#include "platform/texts/language.h"

// What people are asked to confirm for an app of theirs (spec "User-Interactive Authentication
// API"), and where: the surface of the apps and the pages lead to each other.
namespace latchkey::pages {

// Where m.login.sso is passed, for people with an identity provider.
inline constexpr std::string_view kConfirm = "/account/confirm";
std::string confirm_path(std::string_view session);
// The stage's page of the Client-Server API (spec "Fallback"), which says when it is passed.
std::string confirmed_path(std::string_view session);

// The sentence for an operation, as domain/confirm names it. `user_id`: whose it is.
std::string purpose_of(const texts::Language& language, std::string_view operation,
                       std::string_view user_id);

}  // namespace latchkey::pages
