#include "endpoints/admin/health.h"

#include <utility>

#include "endpoints/request/routes.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::admin {

void mount_health(http::Router& router, sessions::Sessions& sessions,
                  std::function<std::string_view()> unfit) {
  request::Routes routes(router, {.name = "health", .refuse = request::standard_refusal});
  routes.add(http::Method::get, "/health",
             [&sessions, unfit = std::move(unfit)](const http::Request&) -> Task<http::Response> {
               if (const std::string_view why = unfit(); !why.empty()) {
                 http::Response response = request::error(503, "M_UNKNOWN", why);
                 response.headers.emplace_back("Retry-After", "1");
                 co_return response;
               }
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
