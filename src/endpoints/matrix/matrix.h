#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/administration/moderation.h"
#include "domain/federation/federation.h"
#include "domain/homeserver/capabilities.h"
#include "domain/registration/registration.h"
#include "domain/self/operations.h"
#include "domain/self/overview.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/callers.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/sign_in.h"
#include "endpoints/pages/device_names.h"
#include "endpoints/request/routes.h"
#include "platform/html/pages.h"
#include "platform/http/public_url.h"

// The legacy authentication part of the Client-Server API. Each file mounts the endpoints of one
// subject: it finds out who asks (caller.h), reads the body (body.h), has people confirm what is
// dangerous (confirm.h), calls one operation of the domain, and puts its answer or refusal
// (refusals.h) into JSON.
namespace latchkey::matrix {

// What the endpoints call; owned by app.
struct Api {
  const Clock& clock;
  sessions::Sessions& sessions;
  signin::Callers& callers;
  signin::SignIn& sign_in;
  signin::LoginWays& login_ways;
  const providers::ProviderSet& providers;
  const signin::LoginTokens& login_tokens;
  registration::Registration& registration;
  confirm::InteractiveAuth& auth;
  self::Operations& operations;
  self::Overview& overview;
  administration::Moderation& moderation;
  limits::AttemptLimits& limits;
  const html::Pages& pages;
  const pages::ClientName& client_name;
  std::string server_name;
  const http::PublicUrl& public_url;
  homeserver::Capabilities* capabilities = nullptr;  // null: no homeserver behind
  federation::Federation* federation = nullptr;      // null: no identity providers
};

// Where a path of the Client-Server API is.
struct ClientPath {
  std::vector<std::string_view> versions = {"r0", "v3"};
  request::PathOptions options = {};
};

// Mounts a path of the Client-Server API, with CORS (spec "Web Browser Clients").
inline void add(request::Routes& routes, http::Method method, std::string_view path,
                const http::Handler& handler, ClientPath where = {}) {
  where.options.cors = true;
  for (const std::string_view version : where.versions) {
    std::string pattern("/_matrix/client/");
    routes.add(method, pattern.append(version).append(path), handler, where.options);
  }
}

void mount_discovery(request::Routes& routes, const Api& api);
void mount_account(request::Routes& routes, const Api& api);
void mount_login(request::Routes& routes, const Api& api);
void mount_register(request::Routes& routes, const Api& api);
void mount_refresh(request::Routes& routes, const Api& api);
void mount_logout(request::Routes& routes, const Api& api);
void mount_devices(request::Routes& routes, const Api& api);
void mount_moderation(request::Routes& routes, const Api& api);
void mount_fallback(request::Routes& routes, const Api& api);

// All of them. `api` must outlive the router.
void mount(http::Router& router, const Api& api);

}  // namespace latchkey::matrix
