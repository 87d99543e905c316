#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"
#include "platform/task.h"

namespace latchkey::http {

// Answers at leisure; may wait for the database or the hash pool.
using Handler = std::function<Task<Response>(const Request&)>;

// Answers at once into a recycled response, or returns false to leave the request to the
// route's Handler. For the token path: no coroutine, no allocation.
using Immediate = std::function<bool(const Request&, Response&)>;

// What those who mount a route say of it, or of unknown paths below a prefix. The router hands it
// back and knows nothing of it.
class RouteData {
 public:
  RouteData() = default;
  RouteData(const RouteData&) = delete;
  RouteData& operator=(const RouteData&) = delete;
  virtual ~RouteData() = default;
};

struct RouteOptions {
  // Spec "Web Browser Clients": answer OPTIONS and send the CORS headers. Also decides that
  // 405 on this path carries them.
  bool cors = false;
  Immediate immediate = {};
  std::shared_ptr<const RouteData> data = {};
  // The largest body there, where Limits::max_body is less.
  std::size_t max_body = 0;
};

struct PrefixOptions {
  bool cors = false;  // unknown paths get CORS headers on 404 and an answer to OPTIONS
  std::shared_ptr<const RouteData> data = {};
  // With one no path below is unknown: it answers each, by any method, OPTIONS too.
  Handler handler = {};
  Immediate immediate = {};
};

// Paths to handlers. Built once at start, read without locks by every server thread.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // `pattern` is a path; a segment "{name}" takes any one non-empty segment. A path written
  // out wins over one with placeholders, an earlier literal segment over a later one. Throws
  // std::invalid_argument for a pattern that is no path or is already there.
  void add(Method method, std::string pattern, Handler handler, RouteOptions options = {});

  // What holds for paths under `prefix` that were not added; the longest prefix wins.
  void below(std::string prefix, PrefixOptions options);

  struct Route {
    Handler handler;
    Immediate immediate;
    std::string pattern;  // for metrics and logs: never the path itself
    bool cors = false;
    std::shared_ptr<const RouteData> data;
    std::size_t max_body = 0;
  };
  struct Match {
    const Route* route = nullptr;  // null: no such path, or not with this method
    bool path_known = false;       // with route == null: 405 rather than 404
    bool cors = false;
    bool malformed = false;  // a placeholder's value is not percent-encoded UTF-8: 400
    std::string_view allow;  // with path_known: the value of the Allow header
    // The route's; without one, what is known of the path or of a prefix. Null: nothing is.
    const RouteData* data = nullptr;
    std::vector<std::string> parameters;
  };
  // HEAD falls back to GET. Does not allocate for patterns without placeholders.
  Match match(Method method, std::string_view path) const;

  // RouteOptions::max_body of the route that would answer; 0: there is none, or it says nothing.
  std::size_t max_body(Method method, std::string_view path) const;

  // All that was added, in its order.
  struct Mounted {
    Method method = Method::other;  // of a prefix: other
    std::string pattern;            // or the prefix
    const RouteData* data = nullptr;
  };
  const std::vector<Mounted>& routes() const;
  const std::vector<Mounted>& prefixes() const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace latchkey::http
