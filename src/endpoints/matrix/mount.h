#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "platform/http/router.h"

namespace latchkey::matrix {

// Mounts a path of the Client-Server API, at r0 and v3 unless told otherwise, with CORS (spec "Web
// Browser Clients").
inline void add(http::Router& router, http::Method method, std::string_view path,
                const http::Handler& handler, const http::Immediate& immediate = nullptr,
                std::initializer_list<std::string_view> versions = {"r0", "v3"}) {
  for (const std::string_view version : versions) {
    std::string pattern("/_matrix/client/");
    router.add(method, pattern.append(version).append(path), handler,
               {.cors = true, .immediate = immediate});
  }
}

}  // namespace latchkey::matrix
