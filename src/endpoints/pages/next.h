#pragma once

#include <string>
#include <string_view>

#include "platform/http/router.h"

namespace latchkey::pages {

// The longest query of a page that is carried over to others: a person signs in and comes back.
inline constexpr std::size_t kLongestQuery = 8192;

// The same address with its query as one value, which is carried on without being percent-encoded
// a second time: headers, cookies and what proxies read have limits.
std::string shortened(std::string_view next);
// The query that was shortened; any other as it is.
std::string full_query(std::string_view query);
inline bool is_shortened(std::string_view query) { return query.starts_with("continue="); }

// Whether it is a path of this server, with its query, that all browsers read alike.
bool local_path(std::string_view next);

// `next` when a person who has signed in may be sent there, else the home page: what a link says is
// followed to a page of ours alone, or the sign-in page would lead people to other sites.
std::string next_or_home(const http::Router& router, std::string_view next);

inline constexpr std::string_view kHome = "/account/";

}  // namespace latchkey::pages
