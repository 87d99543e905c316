#pragma once

#include <expected>
#include <memory>

#include "domain/clients/client.h"
#include "endpoints/oauth/oauth.h"
#include "platform/http/form.h"

namespace latchkey::oauth {

// The form of a request to the token endpoint and its like, or the answer that refuses it.
std::expected<http::Form, http::Response> form_body(const http::Request& request);

// A field that must not come twice (RFC 6749 section 3.2); empty: absent.
std::expected<std::string, http::Response> field(const http::Form& form, std::string_view name);

// Which client asks, and that it is that one (RFC 6749 section 2.3), or the answer that refuses.
Task<std::expected<std::shared_ptr<const clients::Client>, http::Response>> authenticate(
    const Api& api, const http::Request& request, const http::Form& form);

// The client_id that a request names without any proof, when nobody has it (any more): its
// registration was lost with a restored backup, or cleaned up. Empty: it is not so.
Task<std::string> gone_client(const Api& api, const http::Request& request, const http::Form& form);

// The client_id of a client with a secret or a key that has proved itself; empty: it has not.
Task<std::expected<std::string, http::Response>> introspecting_client(const Api& api,
                                                                      const http::Request& request,
                                                                      const http::Form& form);

}  // namespace latchkey::oauth
