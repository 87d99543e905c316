// GET /.well-known/webfinger (RFC 7033), as OpenID Connect Discovery section 2 asks it: which
// issuer an account of this server has. It says so of every name, also of people who are not there:
// who is is not for everybody to know.

#include <algorithm>
#include <boost/json/array.hpp>

#include "domain/accounts/matrix_id.h"
#include "domain/clients/redirect_uri.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/standard_error.h"
#include "platform/http/field.h"
#include "platform/http/form.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;

constexpr std::string_view kIssuerRelation = "http://openid.net/specs/connect/1.0/issuer";
constexpr std::string_view kAcct = "acct:";

// Of acct:alice@example.com (RFC 7565) or https://example.com/alice; empty: of neither.
std::string host_of(std::string_view resource) {
  if (resource.size() > kAcct.size() && http::same_name(resource.substr(0, kAcct.size()), kAcct)) {
    const auto at = resource.rfind('@');
    return at == resource.npos ? std::string() : std::string(resource.substr(at + 1));
  }
  const auto uri = clients::Uri::parse(resource);
  return uri && (uri->scheme == "https" || uri->scheme == "http") ? uri->host : std::string();
}

bool is_ours(const Api& api, std::string_view host) {
  const auto own = clients::Uri::parse(api.public_url.base());
  const std::string_view name = accounts::host_of_server_name(host);
  return !name.empty() && (http::same_name(name, accounts::host_of_server_name(api.server_name)) ||
                           (own && http::same_name(name, own->host)));
}

http::Response said(int status, const json::object& body) {
  http::Response response = request::json_answer(status, body);
  response.headers.emplace_back("Cache-Control", "public, max-age=3600");
  return response;
}

http::Response webfinger(const Api& api, const http::Request& request) {
  const auto query = http::Form::parse(request.query);
  const auto resource = query ? query->only("resource")
                              : std::expected<std::optional<std::string_view>, http::Duplicated>();
  if (!query || !resource || !*resource || (*resource)->empty()) {
    return said(400,
                {{"error_description", "resource: expected one, like acct:alice@example.com"}});
  }
  if (!is_ours(api, host_of(**resource))) {
    return said(404, {{"error_description", "resource: not of this server"}});
  }
  const auto asks = [](const http::Form::Field& field) { return field.name == "rel"; };
  const bool all = std::ranges::none_of(query->fields(), asks);
  const bool wanted = all || std::ranges::any_of(query->fields(), [&](const auto& field) {
                        return asks(field) && field.value == kIssuerRelation;
                      });
  json::array links;
  if (wanted) {
    links.push_back(json::object{{"rel", kIssuerRelation}, {"href", api.public_url.base()}});
  }
  http::Response response = said(200, {{"subject", **resource}, {"links", std::move(links)}});
  response.content_type = "application/jrd+json";
  return response;
}

}  // namespace

void mount_webfinger(request::Routes& routes, const Api& api) {
  routes.add(http::Method::get, "/.well-known/webfinger",
             [&api](const http::Request& request) -> Task<http::Response> {
               co_return webfinger(api, request);
             },
             {.cors = true});
}

}  // namespace latchkey::oauth
