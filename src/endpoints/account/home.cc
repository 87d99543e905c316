// GET /account/: who one is, and the way to every other page, for clients too (MSC4191).

#include <charconv>

#include "endpoints/account/actions.h"
#include "endpoints/account/mount.h"
#include "endpoints/account/next.h"
#include "endpoints/account/personal.h"
#include "endpoints/account/words.h"
#include "platform/text/rfc3339.h"

namespace latchkey::account {
namespace {

void put_browser(html::Values& values, const Visit& visit, const signin::BrowserSession& browser) {
  html::Values& row = values.add("BROWSER");
  const std::string name = browser_name(visit.language, browser.origin.user_agent);
  row.set("AGENT", name.empty() ? visit.text("UNKNOWN") : name);
  row.set("USED", ago(visit.language, browser.last_active_at, SystemClock{}.now()));
  row.set("USED_TIME", text::format_rfc3339(browser.last_active_at));
  row.add_text("ADDRESS", browser.origin.address);
  row.set("BROWSER_ID", std::to_string(browser.id));
  row.add(browser.id == visit.who.id ? "THIS" : "OTHER");
}

Task<http::Response> show_home(const Visit& visit, std::string_view notice) {
  const auto profile = co_await visit.pages.account.profile(visit.who);
  const auto browsers = co_await visit.pages.browsers.list(visit.who.account.id);
  html::Page page = begin_page(visit.request, visit.text("HOME"), "account_home.html");
  page.values.set("ACCOUNT", visit.matrix_id());
  page.values.add_text("NOTICE", notice).add_text("SHOWN_NAME", profile.display_name);
  for (const auto& browser : browsers) put_browser(page.values, visit, browser);
  co_return show(visit.pages, visit.request, std::move(page));
}

// Signed out or not, an action leads to its page, which asks for whatever it needs.
Task<http::Response> get_home(const Visit& visit) {
  const std::string action = field(visit.form, "action");
  if (action.empty()) co_return co_await show_home(visit, notice_of(visit.language, visit.form));
  if (auto path = page_of_action(action, field(visit.form, "device_id"))) {
    co_return see_other(std::move(*path));
  }
  co_return co_await show_home(visit, visit.text("NOTICE_ACTION"));
}

Task<http::Response> end_browser(const Visit& visit) {
  const std::string typed = field(visit.form, "browser");
  signin::BrowserSessionId id = 0;
  const auto [end, fault] = std::from_chars(typed.data(), typed.data() + typed.size(), id);
  if (fault == std::errc() && end == typed.data() + typed.size()) {
    co_await visit.pages.browsers.end(visit.who.account.id, id);
  }
  co_return done(kHome, "browser_ended");
}

Task<http::Response> get_cross_signing(const Visit& visit) {
  co_return show_message(visit.pages, visit.request,
                         {.title = std::string(visit.text("CROSS_SIGNING")),
                          .sentence = std::string(visit.text("CROSS_SIGNING_WHY")),
                          .link = std::string(kHome),
                          .link_text = std::string(visit.text("BACK_HOME"))});
}

}  // namespace

void mount_home(http::Router& router, const AccountPages& pages) {
  add_page(router, pages, "/account", get_home);
  add_page(router, pages, std::string(kHome), get_home);
  // Who opens the bare address of the server in a browser is a person.
  router.add(http::Method::get, "/", [](const http::Request&) -> Task<http::Response> {
    co_return see_other(std::string(kHome));
  });
  add_form(router, pages, "/account/browsers/end", kHome, end_browser);
  add_page(router, pages, "/account/cross-signing-reset", get_cross_signing);
}

}  // namespace latchkey::account
