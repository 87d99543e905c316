#pragma once

#include <string>

#include "domain/accounts/password_rules.h"

namespace latchkey::request {

// Why a password cannot be somebody's new one, as clients and operators read it; the account pages
// say it in the visitor's language.
std::string sentence_of(const accounts::WeakPassword& weak);

}  // namespace latchkey::request
