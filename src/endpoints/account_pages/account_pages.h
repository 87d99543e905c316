#pragma once

#include <optional>
#include <string>

#include "endpoints/pages/personal.h"
#include "platform/html/values.h"
#include "platform/http/router.h"

// The pages on which people manage their account (spec "Account management", MSC4191). Each file
// mounts the pages of one subject. A page that belongs to somebody is mounted by add_page() or
// add_form() (endpoints/pages/personal.h): who is signed out signs in first and comes back. What is
// dangerous asks for the password again (destroy.cc). After a form the person is sent to a page
// that says what was done, so that going back does not do it twice.
namespace latchkey::account_pages {

using pages::Language;
using pages::Text;

void mount_sign_in(request::Routes& routes, const pages::AccountPages& pages);
void mount_sign_up(request::Routes& routes, const pages::AccountPages& pages);
void mount_home(request::Routes& routes, const pages::AccountPages& pages);
void mount_sso(request::Routes& routes, const pages::AccountPages& pages);
void mount_devices(request::Routes& routes, const pages::AccountPages& pages);
void mount_password(request::Routes& routes, const pages::AccountPages& pages);
void mount_destroy(request::Routes& routes, const pages::AccountPages& pages);

// All of them. `pages` must outlive the router.
void mount(http::Router& router, const pages::AccountPages& pages);

// A device as several pages show it.

// One of the person's devices, its client called by its name.
Task<std::optional<self::AccountDevice>> find_device(const pages::Visit& visit, std::string id);

std::string device_name(const pages::Visit& visit, const self::AccountDevice& device);

// The rows of account_facts.html.
void put_device_facts(html::Values& facts, const pages::Visit& visit,
                      const self::AccountDevice& device);

// For an ID that none of the person's devices has; whether it is anybody else's is not told.
http::Response no_such_device(const pages::Visit& visit);

}  // namespace latchkey::account_pages
