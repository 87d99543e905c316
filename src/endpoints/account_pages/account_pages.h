#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/federation/federation.h"
#include "domain/registration/registration.h"
#include "domain/self/operations.h"
#include "domain/self/overview.h"
#include "domain/signin/login_tokens.h"
#include "endpoints/pages/surface.h"
#include "endpoints/pages/words.h"
#include "platform/html/values.h"
#include "platform/http/router.h"

// The pages on which people manage their account (spec "Account management", MSC4191). Each file
// mounts the pages of one subject. A page that belongs to somebody is mounted by add_page() or
// add_form(): who is signed out signs in first and comes back. What is dangerous asks for the
// password again (destroy.cc). After a form the person is sent to a page that says what was done,
// so that going back does not do it twice.
namespace latchkey::account_pages {

using pages::Language;
using pages::Text;

// What the pages call; owned by app.
struct AccountPages : pages::Site {
  self::Operations& operations;
  self::Overview& overview;
  signin::LoginTokens& login_tokens;
  registration::Registration& registration;
  confirm::InteractiveAuth& auth;
  confirm::AuthFlow sign_up_stages;  // what registration asks for
  // It is told of names, devices and erasures: then others see them. Absent: nobody does.
  homeserver::Provisioning* homeserver = nullptr;
  // Absent: there are no identity providers.
  federation::Federation* federation = nullptr;
  bool providers_first = false;  // before the form for passwords
};

// Somebody who is signed in, and what they ask for. Lives until the answer.
struct Visit {
  const AccountPages& pages;
  const http::Request& request;
  const signin::BrowserSession& who;
  const Language& language;
  const http::Form& form;  // of a GET: the query

  std::string matrix_id() const;
};

using Personal = std::function<Task<http::Response>(const Visit&)>;

// Who is signed out signs in first and then sees the page.
void add_page(request::Routes& routes, const AccountPages& pages, std::string path,
              Personal answer);
// A form; who was signed out meanwhile signs in and then sees its page, or `back` if it has none.
void add_form(request::Routes& routes, const AccountPages& pages, std::string path,
              std::string_view back, Personal answer);

// A form that anybody may post.
using Open = std::function<Task<http::Response>(const http::Request&, const http::Form&)>;
void add_open_form(request::Routes& routes, const AccountPages& pages, std::string path,
                   Open answer);

void mount_sign_in(request::Routes& routes, const AccountPages& pages);
void mount_sign_up(request::Routes& routes, const AccountPages& pages);
void mount_home(request::Routes& routes, const AccountPages& pages);
void mount_sso(request::Routes& routes, const AccountPages& pages);
void mount_devices(request::Routes& routes, const AccountPages& pages);
void mount_password(request::Routes& routes, const AccountPages& pages);
void mount_destroy(request::Routes& routes, const AccountPages& pages);
void mount_providers(request::Routes& routes, const AccountPages& pages);
void mount_newcomer(request::Routes& routes, const AccountPages& pages);
void mount_ways_in(request::Routes& routes, const AccountPages& pages);
void mount_confirm_app(request::Routes& routes, const AccountPages& pages);
void mount_sign_out(request::Routes& routes, const AccountPages& pages);

// All of them. `pages` must outlive the router.
void mount(http::Router& router, const AccountPages& pages);

// For pages::Site, of which `pages` is one.
pages::SignOuts sign_outs_of(const AccountPages& pages);

// A device as several pages show it.

// The person's devices, the last used first, or one of them. Their `client` is what people call it;
// empty where nobody knows.
Task<std::vector<self::AccountDevice>> list_devices(const Visit& visit);
Task<std::optional<self::AccountDevice>> find_device(const Visit& visit, std::string id);

std::string device_name(const Visit& visit, const self::AccountDevice& device);

// The identity providers that have begun the person's browser sessions, as people know them.
Task<std::map<BrowserSessionId, std::string>> providers_of_browsers(const Visit& visit);

// The rows of account_facts.html.
void put_device_facts(html::Values& facts, const Visit& visit, const self::AccountDevice& device);

// Whether the person can replace their password here: only then are they told to.
Task<bool> may_change_password(const Visit& visit);

// Whether the person has a password to give here, this server's or a directory's.
Task<bool> gives_password(const AccountPages& pages, UserId user);

// For what the configuration lets nobody do themselves.
http::Response switched_off(const Visit& visit);

// Of every page that asks for a password: lets people see what they type, where scripts run.
inline constexpr std::string_view kShowPassword = "show_password.js";

// What is wrong with the two fields of a new password, as far as it is seen at once.
void check_new_password(pages::Refusals& refusals, const AccountPages& pages,
                        const Language& language, const http::Form& sent);
// The fields themselves, web/new_password.html: what the password has to be, before it is typed and
// not after, and what was typed, unless it has to be typed again. It is nobody's password yet; one
// that is somebody's never comes back in a page.
void put_new_password(html::Values& values, const AccountPages& pages, const Language& language,
                      Text label, const http::Form& sent, const pages::Refusals& refusals);

// The ways in of an account; below kProviders is where browsers leave and come back.
inline constexpr std::string_view kWaysIn = "/account/ways-in";
inline constexpr std::string_view kProviders = "/account/providers/";
// Where a browser leaves for a provider, and then goes on at `next`.
std::string provider_path(std::string_view id, std::string_view next,
                          std::string_view login_hint = {});
// The cookie of this browser's ways to providers; empty: it has none yet.
std::string ways_cookie(const AccountPages& pages, const http::Request& request);
void give_ways_cookie(const AccountPages& pages, http::Response& response,
                      const std::string& value);
// To the page for who comes back from signing out there, with that state (sign_out.cc).
http::Response signed_out_there(std::string_view state);
// Where a provider wants the browser, with a link of that text where it does not go by itself.
http::Response go_to_provider(const AccountPages& pages, const http::Request& request,
                              const providers::Departure& departure, const std::string& link_text);
// Sends the browser away to a provider; its cookie and its address are read from the request.
Task<http::Response> leave_for_provider(const AccountPages& pages, const http::Request& request,
                                        federation::Leaving leaving);
// Somebody whom a directory knows by the password that they have given on a page, and who has no
// account here yet: signed in to a new one, or asked what has to be asked first.
Task<http::Response> welcome(const AccountPages& pages, const http::Request& request,
                             const signin::LoginRefused& first_time, std::string next);
// {{#PROVIDERS}}: a link for each provider to which browsers are sent.
void put_providers(html::Values& values, const AccountPages& pages, const Language& language,
                   std::string_view next, std::string_view login_hint = {});
// {{#CONFIRMATIONS}}: a form for each of these providers, at which who is signed in proves anew
// that it is them.
void put_confirmations(html::Values& values, const AccountPages& pages, const Language& language,
                       std::string_view next, const std::vector<std::string>& ids);

// For an ID that none of the person's devices has; whether it is anybody else's is not told.
http::Response no_such_device(const Visit& visit);

}  // namespace latchkey::account_pages
