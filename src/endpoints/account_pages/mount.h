#pragma once

#include "endpoints/pages/visit.h"
#include "platform/http/router.h"

// The pages on which people manage their account (spec "Account management", MSC4191). Each file
// mounts its own.
namespace latchkey::account_pages {

void mount_sign_in(http::Router& router, const pages::AccountPages& pages);
void mount_sign_up(http::Router& router, const pages::AccountPages& pages);
void mount_home(http::Router& router, const pages::AccountPages& pages);
void mount_sso(http::Router& router, const pages::AccountPages& pages);
void mount_profile(http::Router& router, const pages::AccountPages& pages);
void mount_devices(http::Router& router, const pages::AccountPages& pages);
void mount_password(http::Router& router, const pages::AccountPages& pages);
void mount_recover(http::Router& router, const pages::AccountPages& pages);
void mount_destroy(http::Router& router, const pages::AccountPages& pages);

// All of them. `pages` must outlive the router.
void mount(http::Router& router, const pages::AccountPages& pages);

}  // namespace latchkey::account_pages
