#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "endpoints/request/server_refusal.h"
#include "platform/http/router.h"

// How a surface mounts its paths. What has to be known of a path by anybody but its handler is said
// here, once, and comes back with the route: whose it is, and how it reads when the server answers
// on its own. app/routes_test.cc holds the examples of the proxies and the documentation to it.
namespace latchkey::request {

// Puts what the server answers on its own into the form that the readers of a surface know.
using Renderer = std::function<http::Response(const ServerRefusal&, const http::Request&)>;

struct Surface {
  std::string_view name;
  Renderer refuse;
  bool of_pages = false;  // people look at it in a browser, and may be sent there
};

// Who answers a path where a homeserver stands behind the same reverse proxy
// (docs/connecting/proxy.md).
enum class Owner {
  latchkey,
  homeserver,  // its answer says more; ours is for a Latchkey that runs alone
  inside,      // Latchkey, but to nobody outside: the proxy, the homeserver or the operator asks
};

struct PathData final : http::RouteData {
  PathData(std::shared_ptr<const Surface> of, Owner whose, bool timeout)
      : surface(std::move(of)), owner(whose), timeout_is_transient(timeout) {}

  const std::shared_ptr<const Surface> surface;
  const Owner owner;
  const bool timeout_is_transient;
};

// What was said of a path; null: nothing, as for unknown paths below no prefix.
const PathData* path_data(const http::RouteData* data);

// Whether GET leads to a page, be it one that says that there is none.
bool is_page(const http::Router& router, std::string_view path);

struct PathOptions {
  Owner owner = Owner::latchkey;
  bool cors = false;
  http::Immediate immediate = {};
  // A request that is slow to arrive is told 503 instead of 408: clients take any 4xx of a refresh
  // for the end of the session (spec "Refreshing access tokens"), and some do so with a 408.
  bool timeout_is_transient = false;
  std::size_t max_body = 0;  // http::RouteOptions
};

// The paths of one surface.
class Routes {
 public:
  Routes(http::Router& router, Surface surface);

  void add(http::Method method, std::string pattern, http::Handler handler,
           PathOptions options = {});
  // What holds for paths under `prefix` that were not added. Of the options the owner and CORS
  // count.
  void below(std::string prefix, const PathOptions& options = {});
  // One handler for all of them, whatever the method.
  void below(std::string prefix, http::Handler handler, PathOptions options);

 private:
  http::Router& router_;
  const std::shared_ptr<const Surface> surface_;
};

// What the server answers on its own, as the surface of the path puts it; below no surface as
// Matrix clients read it, and by `page` where a person may look. `fault` is what was thrown.
http::Response refuse(const http::Refused& refused, const Fault& fault, const Renderer& page = {});

// Whether a browser has opened the address, and shows the answer to its person. Programs ask for
// JSON, or for anything.
bool wants_page(const http::Request& request);

}  // namespace latchkey::request
