#include "endpoints/admin/health.h"

#include <utility>

#include "endpoints/request/routes.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::admin {

void mount_health(http::Router& router, sessions::Sessions& sessions, std::function<bool()> fit) {
  request::Routes routes(router, {.name = "health", .refuse = request::standard_refusal});
  routes.add(http::Method::get, "/health",
             [&sessions, fit = std::move(fit)](const http::Request&) -> Task<http::Response> {
               if (!fit()) throw db::Unavailable("this node is not fit to serve: see its log");
               // Throws when it is not, which becomes a 503 like everywhere.
               co_await sessions.require_ready();
               http::Response response;
               response.body = R"({"status":"ok"})";
               co_return response;
             },
             {.owner = request::Owner::inside});
}

void mount_metrics(http::Router& router, const telemetry::Registry& registry) {
  router.add(http::Method::get, "/metrics",
             [&registry](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.content_type = telemetry::Registry::kContentType;
               response.body = registry.render();
               co_return response;
             });
}

}  // namespace latchkey::admin
