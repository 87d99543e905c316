#pragma once

#include <string_view>

// Cross-origin headers, as the Client-Server API's "Web Browser Clients" recommends them. The
// request id is exposed so that a web client can show it in a report.
namespace latchkey::http {

inline constexpr std::string_view kCorsHeaders =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS\r\n"
    "Access-Control-Allow-Headers: X-Requested-With, Content-Type, Authorization\r\n"
    "Access-Control-Expose-Headers: X-Request-Id\r\n";

}  // namespace latchkey::http
