// GET /.well-known/matrix/client (spec "Well-known URI").

#include <boost/json/serialize.hpp>

#include "endpoints/matrix/api.h"

namespace latchkey::matrix {

void mount_well_known(request::Routes& routes, const Api& api) {
  std::string base = api.public_url;
  while (base.ends_with('/')) base.pop_back();
  const std::string body = boost::json::serialize(
      boost::json::object{{"m.homeserver", boost::json::object{{"base_url", base}}}});
  routes.add(http::Method::get, "/.well-known/matrix/client",
             [body](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.body = body;
               co_return response;
             },
             {.owner = request::Owner::homeserver, .cors = true});
}

}  // namespace latchkey::matrix
