#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "endpoints/request/routes.h"

namespace latchkey::matrix {

struct ClientPath {
  std::vector<std::string_view> versions = {"r0", "v3"};
  request::PathOptions options = {};
};

// Mounts a path of the Client-Server API, with CORS (spec "Web Browser Clients").
inline void add(request::Routes& routes, http::Method method, std::string_view path,
                const http::Handler& handler, ClientPath where = {}) {
  where.options.cors = true;
  for (const std::string_view version : where.versions) {
    std::string pattern("/_matrix/client/");
    routes.add(method, pattern.append(version).append(path), handler, where.options);
  }
}

}  // namespace latchkey::matrix
