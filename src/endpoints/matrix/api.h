#pragma once

#include <string>

#include "domain/accounts/moderation.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/callers.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/own_account.h"
#include "domain/signin/own_devices.h"
#include "domain/signin/register_account.h"
#include "domain/signin/sign_in.h"
#include "platform/html/pages.h"
#include "platform/http/router.h"

// The legacy authentication part of the Client-Server API. Each file mounts its endpoints.
namespace latchkey::matrix {

// What the endpoints call; owned by app.
struct Api {
  sessions::Sessions& sessions;
  signin::Callers& callers;
  signin::SignIn& sign_in;
  signin::LoginWays& login_ways;
  const signin::LoginTokens& login_tokens;
  signin::Registration& registration;
  signin::InteractiveAuth& auth;
  signin::OwnAccount& own_account;
  signin::OwnDevices& own_devices;
  accounts::Moderation& moderation;
  signin::AttemptLimits& limits;
  const html::Pages& pages;
  std::string server_name;
  std::string public_url;
};

void mount_versions(http::Router& router);
void mount_well_known(http::Router& router, const Api& api);
void mount_capabilities(http::Router& router, const Api& api);
void mount_login(http::Router& router, const Api& api);
void mount_login_token(http::Router& router, const Api& api);
void mount_register(http::Router& router, const Api& api);
void mount_register_checks(http::Router& router, const Api& api);
void mount_sso(http::Router& router);
void mount_refresh(http::Router& router, const Api& api);
void mount_logout(http::Router& router, const Api& api);
void mount_whoami(http::Router& router, const Api& api);
void mount_password(http::Router& router, const Api& api);
void mount_deactivate(http::Router& router, const Api& api);
void mount_devices(http::Router& router, const Api& api);
void mount_moderation(http::Router& router, const Api& api);
void mount_fallback(http::Router& router, const Api& api);

// All of them. `api` must outlive the router.
void mount(http::Router& router, const Api& api);

}  // namespace latchkey::matrix
