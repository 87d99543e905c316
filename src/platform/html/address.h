#pragma once

#include <string_view>

#include "platform/html/values.h"

namespace latchkey::html {

// {{NAME}}{{NAME_APP}}, the whole of a link: `address` as the one, or as the other where it is that
// of an app on this device. A template makes "#" of any scheme that is not the web's; an app's own
// has a dot (RFC 8252 section 7.1), as none has that a browser itself would follow. To be given
// none but addresses that are known to be somebody's: a client's redirect URI.
Values& set_address(Values& values, std::string_view name, std::string_view address);

}  // namespace latchkey::html
