#pragma once

#include <string_view>

// Cross-origin headers, as the Client-Server API's "Web Browser Clients" recommends them. A web
// client may read what it has to obey: how long to wait, and what a challenge asks for (RFC 6750);
// and the request id, so that it can show it in a report.
namespace latchkey::http {

inline constexpr std::string_view kCorsHeaders =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS\r\n"
    "Access-Control-Allow-Headers: X-Requested-With, Content-Type, Authorization\r\n"
    "Access-Control-Expose-Headers: X-Request-Id, Retry-After, WWW-Authenticate\r\n";

}  // namespace latchkey::http
