#pragma once

#include <string>
#include <string_view>

#include "platform/http/router.h"

namespace latchkey::pages {

// Whether it is a path of this server, with its query, that all browsers read alike.
bool local_path(std::string_view next);

// `next` when a person who has signed in may be sent there, else the home page: what a link says is
// followed to a page of ours alone, or the sign-in page would lead people to other sites.
std::string next_or_home(const http::Router& router, std::string_view next);

inline constexpr std::string_view kHome = "/account/";

}  // namespace latchkey::pages
