#include "endpoints/request/routes.h"

#include <utility>

#include "endpoints/request/standard_error.h"

namespace latchkey::request {

const PathData* path_data(const http::RouteData* data) {
  return dynamic_cast<const PathData*>(data);
}

bool is_page(const http::Router& router, std::string_view path) {
  const PathData* data = path_data(router.match(http::Method::get, path).data);
  return data != nullptr && data->surface->of_pages;
}

Routes::Routes(http::Router& router, Surface surface)
    : router_(router), surface_(std::make_shared<const Surface>(std::move(surface))) {}

void Routes::add(http::Method method, std::string pattern, http::Handler handler,
                 PathOptions options) {
  router_.add(
      method, std::move(pattern), std::move(handler),
      {.cors = options.cors,
       .immediate = std::move(options.immediate),
       .data = std::make_shared<PathData>(surface_, options.owner, options.timeout_is_transient),
       .max_body = options.max_body});
}

void Routes::below(std::string prefix, const PathOptions& options) {
  router_.below(
      std::move(prefix),
      {.cors = options.cors, .data = std::make_shared<PathData>(surface_, options.owner, false)});
}

void Routes::below(std::string prefix, http::Handler handler, PathOptions options) {
  router_.below(std::move(prefix),
                {.cors = options.cors,
                 .data = std::make_shared<PathData>(surface_, options.owner, false),
                 .handler = std::move(handler),
                 .immediate = std::move(options.immediate)});
}

bool wants_page(const http::Request& request) {
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  return reads && request.header("Accept").contains("text/html");
}

http::Response refuse(const http::Refused& refused, const Fault& fault, const Renderer& page) {
  const PathData* path = path_data(refused.data);
  const bool timeout_is_transient = path != nullptr && path->timeout_is_transient;
  const ServerRefusal refusal = server_refusal(refused.refusal, fault, timeout_is_transient);
  if (path == nullptr) {
    const bool shown = page && wants_page(refused.request);
    return shown ? page(refusal, refused.request) : standard_refusal(refusal, refused.request);
  }
  return path->surface->refuse(refusal, refused.request);
}

}  // namespace latchkey::request
