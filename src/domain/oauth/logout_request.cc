#include "domain/oauth/logout_request.h"

namespace latchkey::oauth {

std::string client_of_logout(const LogoutParameters& p, const std::optional<ReadHint>& hint) {
  if (!p.client_id.empty()) return p.client_id;
  return hint && *hint ? (*hint)->client_id : std::string();
}

bool leads_on_at_once(const LogoutRequest& request) {
  return request.hinted && request.client && request.client->configured;
}

std::expected<LogoutRequest, LogoutRefused> read_logout_request(
    std::shared_ptr<const clients::Client> client, const LogoutParameters& p,
    const std::optional<ReadHint>& hint) {
  using enum LogoutRefused;
  if (p.has_duplicates) return std::unexpected(duplicates);
  if (hint && !*hint) return std::unexpected(bad_hint);
  if (hint && !p.client_id.empty() && p.client_id != (*hint)->client_id) {
    return std::unexpected(other_client);
  }
  const bool named = !client_of_logout(p, hint).empty();
  if (!client && (named || !p.post_logout_redirect_uri.empty())) {
    return std::unexpected(unknown_client);
  }
  LogoutRequest request{.client = std::move(client), .back = {}, .hinted = hint.has_value()};
  if (p.post_logout_redirect_uri.empty()) return request;
  if (!request.client->comes_back_to(p.post_logout_redirect_uri)) {
    return std::unexpected(wrong_address);
  }
  request.back = ReturnAddress{.redirect_uri = p.post_logout_redirect_uri, .state = p.state};
  return request;
}

}  // namespace latchkey::oauth
