// GET /account/: who one is, and the way to every other page, for clients too (MSC4191); GET and
// POST /account/profile.

#include <utility>

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

std::string used(const Visit& visit, const signin::BrowserSession& browser) {
  return visit.language.ago(browser.last_active_at, visit.pages.clock.now());
}

pages::Called call(const Visit& visit, const signin::BrowserSession& browser) {
  std::string name = pages::browser_name(visit.language, browser.origin.user_agent);
  if (name.empty()) name = visit.language.say(Text::unknown);
  return {std::move(name), used(visit, browser) + ", " + browser.origin.address};
}

void put_browser(html::Values& values, const Visit& visit, const signin::BrowserSession& browser,
                 std::string_view name, std::string_view told, std::string_view provider) {
  html::Values& row = values.add("BROWSER");
  row.set("AGENT", name).set("TOLD", told);
  row.set("USED", used(visit, browser));
  row.set("USED_TIME", text::format_rfc3339(browser.last_active_at));
  row.add_text("ADDRESS", browser.origin.address);
  row.set("BROWSER_ID", text::format_id(browser.id));
  if (!provider.empty()) {
    row.add_text("BEGUN", visit.language.say(texts::BegunBy{.provider = provider}));
  }
  row.add(browser.id == visit.who.id ? "THIS" : "OTHER");
}

Task<http::Response> show_home(const Visit& visit, std::string_view notice) {
  const auto profile = co_await visit.pages.overview.profile(visit.who.account.id);
  const auto browsers = co_await visit.pages.browsers.list(visit.who.account.id);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::home),
                                      "account_home.html");
  page.values.set("ACCOUNT", visit.matrix_id());
  page.values.add_text("NOTICE", notice).add_text("SHOWN_NAME", profile.display_name);
  if (visit.pages.federation != nullptr) page.values.add("WAYS_IN");
  if (co_await may_change_password(visit)) page.values.add("MAY_CHANGE_PASSWORD");
  if (visit.pages.operations.allowed().deactivation) page.values.add("MAY_DEACTIVATE");
  std::vector<pages::Called> called;
  for (const auto& browser : browsers) called.push_back(call(visit, browser));
  const auto told = pages::told_apart(called);
  const auto providers = co_await providers_of_browsers(visit);
  for (std::size_t i = 0; i < browsers.size(); ++i) {
    const auto provider = providers.find(browsers[i].id);
    put_browser(page.values, visit, browsers[i], called[i].name, told[i],
                provider == providers.end() ? std::string_view() : provider->second);
  }
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

// Signed out or not, an action leads to its page, which asks for whatever it needs.
Task<http::Response> get_home(const Visit& visit) {
  const std::string action = pages::field(visit.form, "action");
  if (action.empty())
    co_return co_await show_home(visit, pages::notice_of(visit.pages, visit.request));
  if (auto path = page_of_action(action, pages::field(visit.form, "device_id"))) {
    co_return pages::see_other(std::move(*path));
  }
  co_return co_await show_home(visit, visit.language.say(Text::notice_action));
}

Task<http::Response> end_browser(const Visit& visit) {
  if (const auto id = text::parse_id<BrowserSessionId>(pages::field(visit.form, "browser"))) {
    co_await visit.pages.browsers.end(visit.who.account.id, *id);
  }
  co_return pages::done(visit.pages, std::string(pages::kHome), pages::Notice::browser_ended);
}

Task<http::Response> profile_page(const Visit& visit, const pages::Refusals& refusals) {
  const auto profile = co_await visit.pages.overview.profile(visit.who.account.id);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::profile),
                                      "account_profile.html");
  html::Values& values = page.values;
  values.set("ACCOUNT", visit.matrix_id());
  const bool seen = visit.pages.homeserver != nullptr;
  values.set("NAME_LABEL", visit.language.say(seen ? Text::display_name_seen : Text::display_name));
  values.add_text("NOTICE", pages::notice_of(visit.pages, visit.request));
  for (const accounts::Threepid& threepid : profile.threepids) {
    const bool phone = threepid.medium == "msisdn";
    values.add("THREEPID")
        .set("KIND", visit.language.say(phone ? Text::phone : Text::email))
        .set("ADDRESS", (phone ? "+" : "") + threepid.address);
  }
  if (visit.pages.operations.allowed().displayname_change) {
    html::Values& form = values.add("NAME_FORM");
    form.set("SHOWN_NAME", profile.display_name);
    form.set("NAME_HINT",
             visit.language.say(seen ? Text::display_name_seen_hint : Text::display_name_hint));
  } else {
    values.add("NAME_SHOWN").add_text("SHOWN_NAME", profile.display_name);
  }
  pages::put_refusals(page, refusals, {"name"});
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

Task<http::Response> get_profile(const Visit& visit) { co_return co_await profile_page(visit, {}); }

Task<http::Response> post_profile(const Visit& visit) {
  const auto saved = co_await visit.pages.operations.set_display_name(
      self::proof_of(visit.who), pages::field(visit.form, "name"));
  if (saved) co_return pages::done(visit.pages, std::string(kProfile), pages::Notice::saved);
  co_return co_await profile_page(visit, {pages::words(visit.language, saved.error())});
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
