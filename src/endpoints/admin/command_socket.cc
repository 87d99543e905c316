#include "endpoints/admin/command_socket.h"

#include <boost/json/serialize.hpp>

#include "platform/text/fields.h"
#include "platform/text/json.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;

Task<http::Response> run_command(const Operations& operations, const http::Request& request) {
  const auto body = text::parse_object(request.body);
  Answer answer = std::unexpected(std::string("the command cannot be read"));
  if (body) {
    text::Fields fields(*body);
    const auto name = fields.required_string("command");
    const auto* arguments = fields.required_object("arguments");
    const auto user = fields.optional_string("user").value_or("?");
    if (!fields.error()) {
      const accounts::Operator by = at_the_command_line(user);
      answer = co_await run(operations, by, name, *arguments);
    }
  }
  http::Response response;
  response.body = answer ? json::serialize(json::object{{"answer", *answer}})
                         : json::serialize(json::object{{"error", answer.error()}});
  co_return response;
}

}  // namespace

void mount_commands(http::Router& router, const Operations& operations) {
  router.add(http::Method::post, "/command", [&operations](const http::Request& request) {
    return run_command(operations, request);
  });
}

}  // namespace latchkey::admin
