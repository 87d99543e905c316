#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

// What a client's link to the account pages asks for (spec "Account management URL actions",
// MSC4191).
namespace latchkey::account_pages {

// The actions that do something, by the names that the specification gives them, for the server's
// metadata.
std::span<const std::string_view> supported_actions();

// The page of an action; absent: nobody knows it. Names of older drafts mean the same. An action
// on one device that names none leads to all of them.
std::optional<std::string> page_of_action(std::string_view action, std::string_view device_id);

}  // namespace latchkey::account_pages
