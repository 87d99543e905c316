#include "app/command_client.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/operator_name.h"
#include "platform/http_client/http_client.h"

namespace latchkey::app {
namespace {

namespace json = boost::json;

// Lists of a whole server's accounts come in pieces; this is for what is no answer of ours.
constexpr std::size_t kLongestAnswer = 256UL * 1024 * 1024;

}  // namespace

std::optional<admin::Answer> run_in_server(const std::string& socket_path, std::string_view name,
                                           const json::object& arguments) {
  const auto answer =
      http_client::send({.url = "http://latchkey/command",
                         .unix_socket = socket_path,
                         .content_type = "application/json",
                         .body = json::serialize(json::object{
                             {"command", name}, {"arguments", arguments}, {"user", who_types()}}),
                         .most_bytes = kLongestAnswer});
  if (!answer) {
    if (answer.error().kind == http_client::Failure::Kind::not_connected) return std::nullopt;
    return std::unexpected("the server did not answer: " + answer.error().sentence);
  }
  boost::system::error_code fault;
  const json::value value = json::parse(answer->body, fault);
  const auto* object = fault ? nullptr : value.if_object();
  if (object != nullptr && object->contains("answer")) {
    return object->at("answer").as_object();
  }
  if (object != nullptr && object->contains("error")) {
    return std::unexpected(std::string(object->at("error").as_string()));
  }
  return std::unexpected("the server's answer cannot be read");
}

}  // namespace latchkey::app
