#pragma once

#include <string>
#include <string_view>

namespace latchkey::pages {

// Whether a person who has signed in may be sent there: a page of ours, with its query. Anything
// else would make the sign-in page a way to lead people to other sites.
bool local_path(std::string_view next);

// `next` when it may be gone to, else the home page.
std::string next_or_home(std::string_view next);

inline constexpr std::string_view kHome = "/account/";

}  // namespace latchkey::pages
