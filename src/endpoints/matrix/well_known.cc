// GET /.well-known/matrix/client (spec "Well-known URI").

#include <boost/json/serialize.hpp>

#include "endpoints/matrix/api.h"

namespace latchkey::matrix {

void mount_well_known(http::Router& router, const Api& api) {
  std::string base = api.public_url;
  while (base.ends_with('/')) base.pop_back();
  const std::string body = boost::json::serialize(
      boost::json::object{{"m.homeserver", boost::json::object{{"base_url", base}}}});
  router.add(http::Method::get, "/.well-known/matrix/client",
             [body](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.body = body;
               co_return response;
             },
             {.cors = true, .immediate = nullptr});
}

}  // namespace latchkey::matrix
