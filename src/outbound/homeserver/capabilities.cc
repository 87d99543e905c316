#include "outbound/homeserver/capabilities.h"

#include <utility>

#include "platform/http/percent.h"
#include "platform/http_client/http_client.h"
#include "platform/text/json.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using homeserver::Trouble;

constexpr std::size_t kRead = 256UL * 1024;

}  // namespace

homeserver::Capabilities::Ask ask_for_capabilities(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return [endpoint = std::move(endpoint)](
             const homeserver::Asking& asking,
             const CallLimits& limits) -> homeserver::Reply<json::object> {
    std::string url = endpoint + "/_matrix/client/v3/capabilities";
    if (!asking.as_user.empty()) {
      url.append("?user_id=").append(http::percent_encode(asking.as_user));
    }
    const auto reply = http_client::send({.method = "GET",
                                          .url = std::move(url),
                                          .authorization = "Bearer " + asking.token,
                                          .most_bytes = kRead,
                                          .neighbour = true,
                                          .deadline = limits.deadline,
                                          .stop = limits.stop});
    if (!reply) {
      return std::unexpected(
          Trouble{Trouble::Kind::failed,
                  "the homeserver does not say what it can do: " + reply.error().sentence,
                  {}});
    }
    const auto whole = text::parse_object(reply->body);
    const json::value* all =
        whole && reply->status == 200 ? whole->if_contains("capabilities") : nullptr;
    if (all == nullptr || !all->is_object()) {
      return std::unexpected(Trouble{
          Trouble::Kind::failed,
          "the homeserver answered " + std::to_string(reply->status) + " to GET /capabilities",
          {}});
    }
    return all->as_object();
  };
}

}  // namespace latchkey::outbound
