#pragma once

#include <optional>
#include <string_view>

#include "platform/http/message.h"

namespace latchkey::http {

struct Target {
  std::string_view all;    // path and query
  std::string_view path;   // "/…", or "*" for OPTIONS
  std::string_view query;  // without '?'
};

// Takes a request-target apart (RFC 9112 section 3.2): origin-form; absolute-form with http or
// https, of which scheme and authority are dropped; asterisk-form for OPTIONS. Nullopt for
// any other, for a fragment and for characters outside visible ASCII.
std::optional<Target> parse_target(Method method, std::string_view text);

// Whether a Host field has only characters of uri-host [ ":" port ] (RFC 3986 section 3.2.2).
bool valid_host(std::string_view host);

}  // namespace latchkey::http
