#pragma once

#include <string_view>

#include "endpoints/pages/visit.h"

// What people are shown where the server answers on its own: no such page, or a fault.
namespace latchkey::pages {

// Whether a path is of a page that people look at, rather than of an API.
bool is_page(std::string_view path);

// `plain` as the APIs would answer it, for its status and headers.
http::Response fault_page(const AccountPages& pages, const http::Request& request,
                          const http::Response& plain);

}  // namespace latchkey::pages
