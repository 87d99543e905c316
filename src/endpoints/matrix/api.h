#pragma once

#include <string>

#include "domain/accounts/moderation.h"
#include "domain/registration/registration.h"
#include "domain/self/own_account.h"
#include "domain/self/own_devices.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/callers.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/sign_in.h"
#include "endpoints/request/routes.h"
#include "platform/html/pages.h"

// The legacy authentication part of the Client-Server API. Each file mounts its endpoints.
namespace latchkey::matrix {

// What the endpoints call; owned by app.
struct Api {
  const Clock& clock;
  sessions::Sessions& sessions;
  signin::Callers& callers;
  signin::SignIn& sign_in;
  signin::LoginWays& login_ways;
  const signin::LoginTokens& login_tokens;
  registration::Registration& registration;
  confirm::InteractiveAuth& auth;
  self::OwnAccount& own_account;
  self::OwnDevices& own_devices;
  accounts::Moderation& moderation;
  limits::AttemptLimits& limits;
  const html::Pages& pages;
  std::string server_name;
  std::string public_url;
};

void mount_versions(request::Routes& routes);
void mount_well_known(request::Routes& routes, const Api& api);
void mount_capabilities(request::Routes& routes, const Api& api);
void mount_login(request::Routes& routes, const Api& api);
void mount_login_token(request::Routes& routes, const Api& api);
void mount_register(request::Routes& routes, const Api& api);
void mount_register_checks(request::Routes& routes, const Api& api);
void mount_sso(request::Routes& routes);
void mount_refresh(request::Routes& routes, const Api& api);
void mount_logout(request::Routes& routes, const Api& api);
void mount_whoami(request::Routes& routes, const Api& api);
void mount_password(request::Routes& routes, const Api& api);
void mount_deactivate(request::Routes& routes, const Api& api);
void mount_devices(request::Routes& routes, const Api& api);
void mount_moderation(request::Routes& routes, const Api& api);
void mount_fallback(request::Routes& routes, const Api& api);

// All of them. `api` must outlive the router.
void mount(http::Router& router, const Api& api);

}  // namespace latchkey::matrix
