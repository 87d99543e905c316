// GET /account/: who one is, and the way to every other page, for clients too (MSC4191); GET and
// POST /account/profile.

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/actions.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "endpoints/pages/words.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kProfile = "/account/profile";

void put_browser(html::Values& values, const Visit& visit, const signin::BrowserSession& browser) {
  html::Values& row = values.add("BROWSER");
  const std::string name = pages::browser_name(visit.language, browser.origin.user_agent);
  row.set("AGENT", name.empty() ? visit.language.say(Text::unknown) : name);
  row.set("USED", visit.language.ago(browser.last_active_at, visit.pages.clock.now()));
  row.set("USED_TIME", text::format_rfc3339(browser.last_active_at));
  row.add_text("ADDRESS", browser.origin.address);
  row.set("BROWSER_ID", text::format_id(browser.id));
  row.add(browser.id == visit.who.id ? "THIS" : "OTHER");
}

Task<http::Response> show_home(const Visit& visit, std::string_view notice) {
  const auto profile = co_await visit.pages.overview.profile(visit.who.account.id);
  const auto browsers = co_await visit.pages.browsers.list(visit.who.account.id);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::home),
                                      "account_home.html");
  page.values.set("ACCOUNT", visit.matrix_id());
  page.values.add_text("NOTICE", notice).add_text("SHOWN_NAME", profile.display_name);
  if (visit.pages.operations.allowed().password_change) page.values.add("MAY_CHANGE_PASSWORD");
  if (visit.pages.operations.allowed().deactivation) page.values.add("MAY_DEACTIVATE");
  for (const auto& browser : browsers) put_browser(page.values, visit, browser);
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

// Signed out or not, an action leads to its page, which asks for whatever it needs.
Task<http::Response> get_home(const Visit& visit) {
  const std::string action = pages::field(visit.form, "action");
  if (action.empty())
    co_return co_await show_home(visit, pages::notice_of(visit.language, visit.form));
  if (auto path = page_of_action(action, pages::field(visit.form, "device_id"))) {
    co_return pages::see_other(std::move(*path));
  }
  co_return co_await show_home(visit, visit.language.say(Text::notice_action));
}

Task<http::Response> end_browser(const Visit& visit) {
  if (const auto id = text::parse_id<BrowserSessionId>(pages::field(visit.form, "browser"))) {
    co_await visit.pages.browsers.end(visit.who.account.id, *id);
  }
  co_return pages::done(pages::kHome, pages::Notice::browser_ended);
}

Task<http::Response> profile_page(const Visit& visit, const pages::Refused& refused) {
  const auto profile = co_await visit.pages.overview.profile(visit.who.account.id);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::profile),
                                      "account_profile.html");
  html::Values& values = page.values;
  values.set("ACCOUNT", visit.matrix_id());
  values.add_text("NOTICE", pages::notice_of(visit.language, visit.form));
  for (const accounts::Threepid& threepid : profile.threepids) {
    const bool phone = threepid.medium == "msisdn";
    values.add("THREEPID")
        .set("KIND", visit.language.say(phone ? Text::phone : Text::email))
        .set("ADDRESS", (phone ? "+" : "") + threepid.address);
  }
  if (visit.pages.operations.allowed().displayname_change) {
    html::Values& form = values.add("NAME_FORM");
    form.set("SHOWN_NAME", profile.display_name).add_text("ERROR", refused.sentence);
  } else {
    values.add("NAME_SHOWN").add_text("SHOWN_NAME", profile.display_name);
  }
  if (!refused.sentence.empty()) page.status = refused.status;
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

Task<http::Response> get_profile(const Visit& visit) { co_return co_await profile_page(visit, {}); }

Task<http::Response> post_profile(const Visit& visit) {
  const auto saved = co_await visit.pages.operations.set_display_name(
      self::proof_of(visit.who), pages::field(visit.form, "name"));
  if (saved) co_return pages::done(kProfile, pages::Notice::saved);
  co_return co_await profile_page(visit, pages::words(visit.language, saved.error()));
}

}  // namespace

void mount_home(request::Routes& routes, const AccountPages& pages) {
  add_page(routes, pages, "/account", get_home);
  add_page(routes, pages, std::string(pages::kHome), get_home);
  add_form(routes, pages, "/account/browsers/end", pages::kHome, end_browser);
  add_page(routes, pages, std::string(kProfile), get_profile);
  add_form(routes, pages, std::string(kProfile), kProfile, post_profile);
}

}  // namespace latchkey::account_pages
