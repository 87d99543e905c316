#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/signin/browser_sessions.h"
#include "endpoints/pages/device_names.h"
#include "endpoints/pages/language.h"
#include "platform/html/pages.h"
#include "platform/http/form.h"
#include "platform/http/message.h"
#include "platform/http/public_url.h"
#include "platform/http/router.h"
#include "platform/task.h"
#include "platform/time.h"

// Who visits a page in a browser, and what protects the forms there. For every room that shows
// pages to people who are signed in.
namespace latchkey::pages {

// How somebody signs out of this browser.
struct SigningOut {
  std::string next = {};  // an app's address, to which they are led then; empty: a page says it
  bool there = false;  // at the identity provider too that had signed them in, if they may say so
};
// What the pages of other surfaces do with a browser's session through the account pages, which
// know identity providers.
struct SignOuts {
  std::function<Task<http::Response>(const http::Request&, const signin::BrowserSession&,
                                     SigningOut)>
      sign_out;
  // The provider that signs them out too if they say so, as people know it; empty: none does.
  std::function<Task<std::string>(const signin::BrowserSession&)> offered;
};

// What every page is made with; owned by app.
struct Site {
  signin::BrowserSessions& browsers;
  const html::Pages& pages;
  const http::Router& router;  // knows which paths are pages
  std::string server_name;
  const http::PublicUrl& public_url;
  const Clock& clock;
  ClientName client_name = {};  // without it no app has a name
  SignOuts sign_outs = {};      // set before anything is mounted
};

// The browser session that the request's cookie names; absent: nobody is signed in.
Task<std::optional<signin::BrowserSession>> visitor(const Site& site, const http::Request& request);

// The value of the cookie that names a browser session; empty: there is none.
std::string session_cookie(const Site& site, const http::Request& request);
// Hands the browser its new cookie, or takes it away.
void give_cookie(const Site& site, http::Response& response, std::string_view value);
void take_cookie(const Site& site, http::Response& response);

// 303 to a path of this server. `location` is one that we made, or one that local_path() accepts.
http::Response see_other(std::string location);

struct SignInHints {
  std::string login_hint = {};  // fills in the name
  bool again = false;           // the password is asked for although the browser is signed in
  bool another = false;         // somebody else is asked for although the browser is signed in
  bool away = false;            // they were away at a provider: they are not sent there at once
  std::string provider = {};    // the identity provider to send them to
};
// To the page on which one signs in, or makes an account, and then goes on at `next`: a path of
// this server, with its query.
http::Response to_sign_in(std::string_view next, const SignInHints& hints = {});
// The same as a link.
std::string sign_in_path(std::string_view next, const SignInHints& hints = {});
http::Response to_sign_up(std::string_view next);
std::string sign_up_path(std::string_view next);

// The hidden field of every form, whose value show() puts on the page. It is derived from a cookie
// that another site can neither read nor set, which is there for nothing else and stays while
// people sign in and out: a page is good however many others are open. It says too to whom the page
// was shown, so that nobody decides for somebody else who has signed in since. Each page that finds
// no such cookie makes one of another name, for two may be asked for at once.
inline constexpr std::string_view kCsrfField = "csrf";

// From whom a form may come.
enum class From {
  visitor,  // a page that was shown to the account that is signed in by now
  browser,  // any page of this browser's: the form itself says who it is for
};
// Whether a POST comes from a form that we showed in this browser.
bool csrf_ok(const Site& site, const http::Request& request, const http::Form& form,
             From from = From::visitor);
// The page for one that does not: nothing was done, and the way to the same page once more, which
// is that of the form unless it has none.
http::Response csrf_refused(const Site& site, const http::Request& request,
                            std::string_view back = {});
// The page that a form came from, with what of the form its address says.
std::string same_page(const Site& site, const http::Request& request, std::string_view back = {});

// The query of a request, in full (next.h); empty when it cannot be read.
http::Form query_of(const http::Request& request);

// A field of a form or query that is there once; otherwise empty.
std::string field(const http::Form& form, std::string_view name);
// The same for a name, an address or a code: without the white space that keyboards add around it.
std::string typed_field(const http::Form& form, std::string_view name);

inline const Language& language_of(const Site& site, const http::Request& request) {
  return language_of(site.pages, request);
}

// A page in the visitor's language, and with {{CSRF}} for its forms.
html::Page begin_page(const Site& site, const http::Request& request, std::string_view title,
                      std::string_view file);
http::Response show(const Site& site, const http::Request& request, html::Page page);

// Sends the browser on by itself, and the person by a link where it does not go. Instead of a
// redirect where a form of ours may have led: a browser holds every redirect after a form against
// the policy of the form's page (Content Security Policy Level 3 section 6.4.1).
http::Response go_on(const Site& site, const http::Request& request, std::string address,
                     const std::string& link_text);

// A page that says one thing, with a link to go on by.
struct Message {
  int status = 200;
  Text title;
  std::variant<Text, std::string> sentence;
  std::string link = {};  // empty: none
  std::variant<Text, std::string> link_text = Text::back_home;
};
http::Response show_message(const Site& site, const http::Request& request, const Message& message);

}  // namespace latchkey::pages
