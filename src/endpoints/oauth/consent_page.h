#pragma once

#include "domain/oauth/authorization_request.h"
#include "endpoints/oauth/oauth.h"

namespace latchkey::oauth {

// Who asks, for what, as whom. `next` is the page's own address, for "not me".
Task<http::Response> consent_page(const Api& api, const http::Request& request,
                                  const AuthorizationRequest& asked,
                                  const signin::BrowserSession& browser, std::string_view next);

// Where the client is at home, which its name does not prove; empty: that is its name, or nowhere.
std::string client_host(const clients::Client& client, std::string_view shown_name);

// Tells the person at that browser what the scope lets a client do: {{MAY}} for each, and
// {{REPLACES}} when its device is one that they have, and that the client takes over.
Task<void> put_scope(const Api& api, html::Values& values, Scope scope,
                     const signin::BrowserSession& browser, const Language& language);

}  // namespace latchkey::oauth
