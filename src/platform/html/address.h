#pragma once

#include <string_view>

#include "platform/html/values.h"

namespace latchkey::html {

// Whether an address may begin with it and a colon (RFC 3986 section 3.1).
bool is_scheme(std::string_view text);

// Sets `address`, the whole of a link, for a template that has
//
//   {{NAME}}{{#NAME_APP}}{{SCHEME}}:{{REST}}{{/NAME_APP}}
//
// as the one, or as the other where it is that of an app on this device. A template makes "#" of an
// address whose scheme is not the web's; it looks at the value that begins one, so here the scheme
// begins it alone. An app's own scheme has a dot (RFC 8252 section 7.1), as none has that a browser
// would follow itself. To be given none but addresses that are known to be somebody's: a client's
// redirect URI.
Values& set_address(Values& values, std::string_view name, std::string_view address);

}  // namespace latchkey::html
