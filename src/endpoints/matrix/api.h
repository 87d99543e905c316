#pragma once

#include <string>

#include "domain/sessions/sessions.h"
#include "domain/signin/password_login.h"
#include "domain/signin/register_account.h"
#include "platform/http/router.h"

// The legacy authentication part of the Client-Server API. Each file mounts its endpoints.
namespace latchkey::matrix {

// What the endpoints call; owned by app.
struct Api {
  sessions::Sessions& sessions;
  signin::PasswordSignin& password_signin;
  signin::Registration& registration;
  signin::AttemptLimits& limits;
  std::string server_name;
  std::string public_url;
};

void mount_versions(http::Router& router);
void mount_login(http::Router& router, const Api& api);
void mount_register(http::Router& router, const Api& api);
void mount_refresh(http::Router& router, const Api& api);
void mount_logout(http::Router& router, const Api& api);
void mount_whoami(http::Router& router, const Api& api);

// All of them. `api` must outlive the router.
void mount(http::Router& router, const Api& api);

}  // namespace latchkey::matrix
