#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/self/account_options.h"

// What a client's link to the account pages asks for (spec "Account management URL actions",
// MSC4191).
namespace latchkey::account_pages {

// The actions that do something, by the names that the specification gives them, for the server's
// metadata: not those that are switched off, nor those that take a homeserver when there is none.
std::vector<std::string_view> supported_actions(const self::AccountOptions& allowed,
                                                bool homeserver);

// The page of an action; absent: nobody knows it. Names of older drafts mean the same. An action
// on one device that names none leads to all of them.
std::optional<std::string> page_of_action(std::string_view action, std::string_view device_id);

}  // namespace latchkey::account_pages
