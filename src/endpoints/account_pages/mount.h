#pragma once

#include "endpoints/pages/personal.h"
#include "platform/http/router.h"

// The pages on which people manage their account (spec "Account management", MSC4191). Each file
// mounts its own.
namespace latchkey::account_pages {

using pages::Language;
using pages::Text;

void mount_sign_in(request::Routes& routes, const pages::AccountPages& pages);
void mount_sign_up(request::Routes& routes, const pages::AccountPages& pages);
void mount_home(request::Routes& routes, const pages::AccountPages& pages);
void mount_sso(request::Routes& routes, const pages::AccountPages& pages);
void mount_profile(request::Routes& routes, const pages::AccountPages& pages);
void mount_devices(request::Routes& routes, const pages::AccountPages& pages);
void mount_password(request::Routes& routes, const pages::AccountPages& pages);
void mount_recover(request::Routes& routes, const pages::AccountPages& pages);
void mount_destroy(request::Routes& routes, const pages::AccountPages& pages);

// All of them. `pages` must outlive the router.
void mount(http::Router& router, const pages::AccountPages& pages);

}  // namespace latchkey::account_pages
