#include "domain/clients/client.h"

#include <algorithm>

#include "domain/clients/redirect_uri.h"
#include "platform/text/shown.h"

namespace latchkey::clients {
namespace {

bool has_address(const std::vector<std::string>& registered, std::string_view asked,
                 ApplicationType type) {
  return std::ranges::any_of(
      registered, [&](const std::string& one) { return same_redirect_uri(one, asked, type); });
}

}  // namespace

bool Client::may(Grant grant) const {
  return std::ranges::find(grant_types, name_of(grant)) != grant_types.end();
}

bool Client::signs_in() const {
  return std::ranges::any_of(
      kGrantTypes, [this](const GrantType& one) { return one.signs_in && may(one.grant); });
}

bool Client::redirects_to(std::string_view uri) const {
  return has_address(redirect_uris, uri, type);
}

bool Client::comes_back_to(std::string_view uri) const {
  return has_address(post_logout_redirect_uris, uri, type);
}

std::string Client::shown_name(std::string_view accept_language) const {
  // Registrations are older than some of the rules.
  if (std::string given = text::shown(name.best(accept_language)); !given.empty()) return given;
  if (const auto uri = Uri::parse(client_uri.text); uri && !uri->host.empty()) return uri->host;
  return id;
}

}  // namespace latchkey::clients
