// POST /account/sign-out, and GET and POST /account/signed-out: the end of a browser's session here
// and, where that is wanted, at the identity provider that had begun it (OpenID Connect
// RP-Initiated Logout 1.0). The page that says so leads nobody on by itself: with a provider as the
// only way in they would be signed in again.

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "platform/http/form.h"
#include "platform/http/percent.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kSignedOut = "/account/signed-out";

// Where who has signed out may sign in again, and is told that they have, still in the language
// that an app asked for. Nobody is sent to a provider from there.
std::string sign_in_page(const AccountPages& pages, const http::Request& request) {
  std::vector<http::Form::Field> query;
  if (pages.federation != nullptr) query.push_back({"away", "1"});
  if (const std::string locales = pages::ui_locales(request); !locales.empty()) {
    query.push_back({"ui_locales", locales});
  }
  const std::string path = "/account/sign-in";
  return query.empty() ? path : path + "?" + http::encode_form(query);
}

http::Response signed_out_here(const AccountPages& pages, const http::Request& request,
                               const std::string& next) {
  if (!next.empty()) return pages::see_other(next);
  return pages::done(pages, sign_in_page(pages, request), pages::Notice::signed_out);
}

http::Response go_there(const AccountPages& pages, const http::Request& request,
                        const federation::StillThere& still) {
  return go_to_provider(
      pages, request, *still.departure,
      pages::language_of(pages, request).say(texts::SignOutThere{.provider = still.provider}));
}

Task<http::Response> sign_out(const AccountPages& pages, const http::Request& request,
                              const signin::BrowserSession& who, pages::SigningOut how) {
  http::Response response;
  if (pages.federation == nullptr) {
    co_await pages.browsers.end(who.account.id, who.id);
    response = signed_out_here(pages, request, how.next);
  } else {
    std::string browser = ways_cookie(pages, request);
    const bool fresh = browser.empty();
    if (fresh) browser = federation::Federation::new_browser();
    const auto still =
        co_await pages.federation->sign_out({.who = who,
                                             .browser = browser,
                                             .return_to = pages.public_url.of(kSignedOut),
                                             .next = how.next,
                                             .there = how.there});
    if (!still) {
      response = signed_out_here(pages, request, how.next);
    } else if (still->departure) {
      response = go_there(pages, request, *still);
    } else {
      const std::vector<http::Form::Field> query{{"way", still->state}};
      response = pages::see_other(std::string(kSignedOut) + "?" + http::encode_form(query));
    }
    if (fresh && still) give_ways_cookie(pages, response, browser);
  }
  pages::take_cookie(pages, response);
  co_return response;
}

Task<std::string> offered(const AccountPages& pages, const signin::BrowserSession& who) {
  if (pages.federation == nullptr) co_return std::string();
  co_return co_await pages.federation->offered_sign_out(who);
}

Task<http::Response> post_sign_out(const Visit& visit) {
  co_return co_await sign_out(visit.pages, visit.request, visit.who, {});
}

http::Response signed_out_page(const AccountPages& pages, const http::Request& request,
                               std::string_view notice, const federation::StillThere* still) {
  const Language& language = pages::language_of(pages, request);
  html::Page page =
      pages::begin_page(pages, request, language.say(Text::logout_done), "account_signed_out.html");
  page.values.set("NOTICE", notice).set("SIGN_IN_LINK", sign_in_page(pages, request));
  if (still != nullptr) {
    html::Values& offer = page.values.add("OFFER");
    offer.set_sent("WAY", still->state)
        .set("LABEL", language.say(texts::SignOutThere{.provider = still->provider}));
    if (still->ends_apps) offer.add("APPS");
  }
  return pages::show(pages, request, std::move(page));
}

http::Response signed_out_page(const AccountPages& pages, const http::Request& request) {
  return signed_out_page(pages, request,
                         pages::language_of(pages, request).say(Text::notice_signed_out), nullptr);
}

Task<http::Response> get_signed_out(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const std::string browser = ways_cookie(pages, request);
  const Language& language = pages::language_of(pages, request);
  const auto back = co_await pages.federation->come_back(pages::field(query, "state"), browser);
  if (back && !back->next.empty()) co_return pages::see_other(back->next);
  // Whoever has signed in again meanwhile is told nothing that is not so.
  if (co_await pages::visitor(pages, request)) {
    co_return pages::see_other(std::string(pages::kHome));
  }
  if (back) {
    co_return signed_out_page(
        pages, request, language.say(texts::SignedOutThere{.provider = back->provider}), nullptr);
  }
  const auto still = co_await pages.federation->still_there(pages::field(query, "way"), browser);
  if (!still) co_return signed_out_page(pages, request);
  co_return signed_out_page(
      pages, request, language.say(texts::SignedOutHere{.provider = still->provider}), &*still);
}

Task<http::Response> post_signed_out(const AccountPages& pages, const http::Request& request,
                                     const http::Form& sent) {
  const auto still = co_await pages.federation->go_there(
      pages::field(sent, "way"), ways_cookie(pages, request), pages.public_url.of(kSignedOut));
  co_return still ? go_there(pages, request, *still) : signed_out_page(pages, request);
}

}  // namespace

http::Response signed_out_there(std::string_view state) {
  const std::vector<http::Form::Field> query{{"state", std::string(state)}};
  return pages::see_other(std::string(kSignedOut) + "?" + http::encode_form(query));
}

pages::SignOuts sign_outs_of(const AccountPages& pages) {
  return {
      .sign_out =
          [&pages](const http::Request& request, const signin::BrowserSession& who,
                   pages::SigningOut how) { return sign_out(pages, request, who, std::move(how)); },
      .offered = [&pages](const signin::BrowserSession& who) { return offered(pages, who); }};
}

void mount_sign_out(request::Routes& routes, const AccountPages& pages) {
  add_form(routes, pages, "/account/sign-out", pages::kHome, post_sign_out);
  if (pages.federation == nullptr) return;
  routes.add(http::Method::get, std::string(kSignedOut),
             [&pages](const http::Request& request) { return get_signed_out(pages, request); });
  add_open_form(routes, pages, std::string(kSignedOut),
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_signed_out(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
