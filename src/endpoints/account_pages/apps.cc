// POST /account/apps/end, and the list of apps on the page of devices.

#include "endpoints/account_pages/apps.h"

#include "endpoints/pages/words.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kDevices = "/account/devices";

Task<http::Response> end_app(const pages::Visit& visit) {
  if (const auto id = text::parse_id<SessionId>(pages::field(visit.form, "app"))) {
    const auto ended = co_await visit.pages.account.end_app(visit.who, *id);
    if (!ended) co_return pages::to_sign_in(kDevices);
  }
  co_return pages::done(kDevices, pages::Notice::app_ended);
}

}  // namespace

Task<void> put_apps(html::Values& values, const pages::Visit& visit) {
  const auto apps = co_await visit.pages.account.apps(visit.who);
  if (apps.empty()) co_return;
  html::Values& list = values.add("APPS");
  for (const auto& app : apps) {
    std::string name;
    if (visit.pages.client_name) name = co_await visit.pages.client_name(app.client);
    html::Values& row = list.add("APP_ROW");
    row.set("APP", name.empty() ? app.client : name).set("APP_ID", text::format_id(app.id));
    row.set("USED", visit.language.ago(app.last_used_at, SystemClock{}.now()));
    row.set("USED_TIME", text::format_rfc3339(app.last_used_at));
  }
}

void mount_apps(request::Routes& routes, const pages::AccountPages& pages) {
  pages::add_form(routes, pages, "/account/apps/end", kDevices, end_app);
}

}  // namespace latchkey::account_pages
