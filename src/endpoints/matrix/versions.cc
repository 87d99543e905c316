// GET /_matrix/client/versions (spec "API Versions").

#include "endpoints/matrix/api.h"

namespace latchkey::matrix {
namespace {

// The releases whose authentication endpoints are served as they say.
constexpr std::string_view kVersions =
    R"({"versions":["r0.6.1","v1.1","v1.2","v1.3","v1.4","v1.5","v1.6","v1.7","v1.8","v1.9",)"
    R"("v1.10","v1.11","v1.12","v1.13","v1.14","v1.15","v1.16","v1.17","v1.18"],)"
    R"("unstable_features":{"org.matrix.msc3741":true,"uk.timedout.msc4323":true}})";

}  // namespace

void mount_versions(request::Routes& routes) {
  routes.add(http::Method::get, "/_matrix/client/versions",
             [](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.body = kVersions;
               co_return response;
             },
             {.owner = request::Owner::homeserver, .cors = true});
}

}  // namespace latchkey::matrix
