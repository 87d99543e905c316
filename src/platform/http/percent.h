#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::http {

// What '+' stands for: itself in a path, a space in forms and query strings.
enum class Plus { itself, space };

// Undoes percent-encoding (RFC 3986 section 2.1). Nullopt when a '%' is not followed by two
// hexadecimal digits, or when what comes out is not UTF-8 or holds a NUL, which neither JSON
// surfaces nor databases have a use for.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

// Everything but the unreserved characters of RFC 3986 section 2.3 as %XX: for a query, a form, or
// one segment of a path.
std::string percent_encode(std::string_view text);

}  // namespace latchkey::http
