// GET /account/devices (?order=, ?q=, ?page=), GET and POST /account/device, POST
// /account/apps/end.

#include <algorithm>
#include <charconv>
#include <utility>

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/words.h"
#include "platform/http/percent.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"
#include "platform/text/utf8.h"
#include "platform/texts/search.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kDevices = "/account/devices";

// Apps that know who the person is, and have no device.

Task<http::Response> end_app(const Visit& visit) {
  if (const auto id = text::parse_id<SessionId>(pages::field(visit.form, "app"))) {
    const auto ended = co_await visit.pages.operations.end_app(self::proof_of(visit.who), *id);
    if (!ended) co_return pages::to_sign_in(kDevices);
  }
  co_return pages::done(visit.pages, std::string(kDevices), pages::Notice::app_ended);
}

Task<void> put_apps(html::Values& values, const Visit& visit) {
  pages::AppNames names(visit.pages.client_name);
  const auto apps = co_await visit.pages.overview.apps(visit.who.account.id);
  if (apps.empty()) co_return;
  html::Values& list = values.add("APPS");
  std::vector<pages::Called> called;
  for (const auto& app : apps) {
    const std::string name = co_await names.of(app.client);
    called.push_back({.name = name.empty() ? app.client : name,
                      .details = visit.language.ago(app.last_used_at, visit.pages.clock.now())});
  }
  const auto told = pages::told_apart(called);
  for (std::size_t i = 0; i < apps.size(); ++i) {
    const auto& app = apps[i];
    html::Values& row = list.add("APP_ROW");
    row.set("APP", called[i].name).set("TOLD", told[i]).set("APP_ID", text::format_id(app.id));
    row.set("USED", called[i].details);
    row.set("USED_TIME", text::format_rfc3339(app.last_used_at));
  }
}

// Devices.

void put_fact(html::Values& facts, std::string_view name, std::string_view value) {
  if (!value.empty()) facts.add("FACT").set("NAME", name).set("VALUE", value);
}

std::string ago_or_unknown(const Visit& visit, const std::optional<Time>& time) {
  if (!time) return std::string(visit.language.say(Text::unknown));
  return visit.language.ago(*time, visit.pages.clock.now());
}

// What is out of the ordinary about it; empty: nothing.
std::string_view state_of(const Visit& visit, const self::AccountDevice& device) {
  if (device.locked) return visit.language.say(Text::device_locked);
  return device.signed_out_softly ? visit.language.say(Text::device_soft) : std::string_view();
}

// In which order the list is, and what it is called in the address.
struct View {
  std::string_view name;
  Text text;
};
constexpr View kViews[] = {
    {"recent", Text::view_recent}, {"oldest", Text::view_oldest}, {"app", Text::view_app}};
// With more of them the order can be chosen, and they can be searched.
constexpr std::size_t kFewDevices = 5;
// Of what is searched for, in bytes.
constexpr std::size_t kLongestQuery = 200;
// So many are shown at a time.
constexpr std::size_t kDevicesOfAPage = 50;

// The app, as far as it is known.
std::string known_app(const Visit& visit, const self::AccountDevice& device) {
  if (!device.client.empty()) return device.client;
  return pages::browser_name(visit.language, device.user_agent);
}

std::string app_of(const Visit& visit, const self::AccountDevice& device) {
  std::string name = known_app(visit, device);
  return name.empty() ? std::string(visit.language.say(Text::unknown)) : name;
}

// The last used come first already.
void order(const Visit& visit, std::vector<self::AccountDevice>& devices, std::string_view view) {
  if (view == "oldest") std::ranges::reverse(devices);
  if (view == "app") {
    std::ranges::sort(devices, [&](const auto& one, const auto& other) {
      const int apps = app_of(visit, one).compare(app_of(visit, other));
      if (apps != 0) return apps < 0;
      return one.last_used_at != other.last_used_at ? one.last_used_at > other.last_used_at
                                                    : one.id < other.id;
    });
  }
}

// The words that the person looks for; empty: for none.
std::string query_of(const Visit& visit) {
  return std::string(text::truncate_utf8(pages::typed_field(visit.form, "q"), kLongestQuery));
}

// Whether the row of the device has these words, and so the person sees why it is found.
bool is_found(const Visit& visit, const self::AccountDevice& device, std::string_view query) {
  const std::string shown[] = {device_name(visit, device), device.id, known_app(visit, device),
                               device.address};
  return texts::has_words(query, shown);
}

void put_search(html::Values& list, const Visit& visit, std::string_view view,
                const std::string& query, std::size_t found) {
  html::Values& search = list.add("SEARCH").set_sent("QUERY", query);
  if (view != kViews[0].name) search.add_text("ORDER", view);
  if (query.empty()) return;
  const auto count = static_cast<std::int64_t>(found);
  list.add("FOUND").set("COUNT_FOUND",
                        found == 0 ? std::string(visit.language.say(Text::devices_not_found))
                                   : visit.language.say(texts::DevicesFound{.count = count}));
}

// What follows ?order= in an address of the list.
std::string query_string(std::string_view view, const std::string& query) {
  return std::string(view) + (query.empty() ? "" : "&q=" + http::percent_encode(query));
}

void put_views(html::Values& list, const Visit& visit, std::string_view view,
               const std::string& query) {
  html::Values& views = list.add("VIEWS");
  for (const View& one : kViews) {
    html::Values& choice = views.add("VIEW");
    const bool now = one.name == view;
    choice.add(now ? "NOW" : "OTHER_VIEW")
        .set("VIEW_NAME", visit.language.say(one.text))
        .set("VIEW_QUERY", query_string(one.name, query));
  }
}

// Keeps those of the page that is asked for, and offers the others. Of a number that is too large
// it is the last one, of what is no number the first.
void keep_page(html::Values& list, const Visit& visit, std::string_view view,
               const std::string& query, std::vector<self::AccountDevice>& devices) {
  const std::size_t pages = (devices.size() + kDevicesOfAPage - 1) / kDevicesOfAPage;
  if (pages < 2) return;
  const std::string asked = pages::field(visit.form, "page");
  std::size_t page = 1;
  std::from_chars(asked.data(), asked.data() + asked.size(), page);
  page = std::clamp(page, std::size_t{1}, pages);
  html::Values& parts = list.add("PARTS");
  const auto offer = [&](std::string_view section, std::string_view name, std::size_t other) {
    parts.add(section).set(name, query_string(view, query) + "&page=" + std::to_string(other));
  };
  if (page > 1) offer("BEFORE", "BEFORE_QUERY", page - 1);
  if (page < pages) offer("AFTER", "AFTER_QUERY", page + 1);
  parts.set("PART", visit.language.say(texts::PageOf{.page = static_cast<std::int64_t>(page),
                                                     .pages = static_cast<std::int64_t>(pages)}));
  const auto first = devices.begin() + static_cast<std::ptrdiff_t>((page - 1) * kDevicesOfAPage);
  const auto left = static_cast<std::size_t>(devices.end() - first);
  devices.erase(first + static_cast<std::ptrdiff_t>(std::min(left, kDevicesOfAPage)),
                devices.end());
  devices.erase(devices.begin(), first);
}

void put_row(html::Values& values, const Visit& visit, const self::AccountDevice& device,
             std::string_view told, bool several) {
  html::Values& row = values.add("DEVICE_ROW");
  if (several) row.add("TICK").set("LABEL", told);
  const std::string name = device_name(visit, device);
  if (told != name) row.add_text("TOLD", told);
  row.set("ID", device.id).set_sent("SENT_ID", device.id).add_text("ADDRESS", device.address);
  row.set("DEVICE_QUERY", http::percent_encode(device.id)).set("DEVICE_SHOWN", name);
  const std::string app = known_app(visit, device);
  if (app != name) row.add_text("APP", app);  // not a second time where it is the name
  const std::string used = ago_or_unknown(visit, device.last_used_at);
  html::Values& time = row.add("USED").set("USED", used);
  if (device.last_used_at) time.set("USED_TIME", text::format_rfc3339(*device.last_used_at));
  row.add_text("STATE", state_of(visit, device));
  if (!device.provider.empty()) {
    row.add_text("BEGUN", visit.language.say(texts::BegunBy{.provider = device.provider}));
  }
  if (device.here) row.add("HERE");
}

void put_rows(html::Values& list, const Visit& visit,
              const std::vector<self::AccountDevice>& devices, bool by_app) {
  std::vector<pages::Called> called;
  for (const auto& device : devices) called.push_back({device_name(visit, device), device.id});
  const auto told = pages::told_apart(called);
  const bool several = devices.size() > 1;
  if (several) list.add("SEVERAL");
  html::Values* group = nullptr;
  std::string app;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (group == nullptr || (by_app && app != app_of(visit, devices[i]))) {
      group = &list.add("GROUP");
      app = app_of(visit, devices[i]);
      if (by_app) group->add_text("GROUP_NAME", app);
    }
    put_row(*group, visit, devices[i], told[i], several);
  }
}

Task<http::Response> get_devices(const Visit& visit) {
  auto devices = co_await list_devices(visit);
  const bool many = devices.size() > kFewDevices;
  std::string view = many ? pages::field(visit.form, "order") : std::string();
  if (std::ranges::find(kViews, view, &View::name) == std::end(kViews)) view = kViews[0].name;
  order(visit, devices, view);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::devices),
                                      "account_devices.html");
  page.values.add_text("NOTICE", pages::notice_of(visit.pages, visit.request));
  html::Values& list = page.values.add(devices.empty() ? "NONE" : "SOME");
  const bool may_change = co_await may_change_password(visit);
  list.set("WHY", visit.language.say(may_change ? Text::devices_why : Text::devices_why_ask));
  const auto unused = std::ranges::count_if(devices, [&](const auto& device) {
    return self::long_unused(device, visit.pages.clock.now());
  });
  if (unused > 0) {
    list.add_text("UNUSED_LINK",
                  visit.language.say(texts::DevicesUnusedEnd{.days = self::kUnusedFor.count()}));
  }
  if (many) {
    const std::string query = query_of(visit);
    std::erase_if(devices, [&](const auto& device) { return !is_found(visit, device, query); });
    put_search(list, visit, view, query, devices.size());
    if (!devices.empty()) put_views(list, visit, view, query);
    keep_page(list, visit, view, query, devices);
  }
  if (!devices.empty()) put_rows(list.add("ROWS"), visit, devices, view == "app");
  if (const Limit kept = visit.pages.operations.unused_devices_kept()) {
    const auto days = std::chrono::floor<std::chrono::days>(*kept).count();
    page.values.add_text("UNUSED_WHY", visit.language.say(texts::DevicesUnused{.days = days}));
  }
  co_await put_apps(page.values, visit);
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

http::Response device_page(const Visit& visit, const self::AccountDevice& device,
                           const pages::Refusals& refusals) {
  html::Page page = pages::begin_page(visit.pages, visit.request, device_name(visit, device),
                                      "account_device.html");
  html::Values& values = page.values;
  values.set_sent("SENT_ID", device.id).set("DEVICE_QUERY", http::percent_encode(device.id));
  values.set("SHOWN_NAME", device.display_name);
  values.set("NAME_HINT",
             visit.language.say(visit.pages.homeserver != nullptr ? Text::device_name_seen_hint
                                                                  : Text::device_name_hint));
  values.add_text("NOTICE", pages::notice_of(visit.pages, visit.request));
  if (device.signed_out_softly && !device.locked) {
    values.add_text("STATE_WHY", visit.language.say(Text::device_soft_why));
  } else {
    values.add_text("STATE_WHY", state_of(visit, device));
  }
  put_device_facts(values.include("FACTS", "account_facts.html"), visit, device);
  pages::put_refusals(page, refusals, {"name"});
  return pages::show(visit.pages, visit.request, std::move(page));
}

Task<http::Response> get_device(const Visit& visit) {
  const std::string id = pages::field(visit.form, "device_id");
  if (id.empty()) co_return pages::see_other(std::string(kDevices));
  const auto device = co_await find_device(visit, id);
  if (!device) co_return no_such_device(visit);
  co_return device_page(visit, *device, {});
}

Task<http::Response> rename_device(const Visit& visit) {
  const std::string id = pages::field(visit.form, "device_id");
  const auto renamed = co_await visit.pages.operations.rename_device(
      self::proof_of(visit.who), id, pages::field(visit.form, "name"));
  if (renamed)
    co_return pages::done(visit.pages, "/account/device?device_id=" + http::percent_encode(id),
                          pages::Notice::saved);
  const auto device = co_await find_device(visit, id);
  if (!device) co_return no_such_device(visit);
  co_return device_page(visit, *device, {pages::words(visit.language, renamed.error())});
}

void name_provider(self::AccountDevice& device,
                   const std::map<BrowserSessionId, std::string>& providers) {
  if (!device.browser) return;
  const auto found = providers.find(*device.browser);
  if (found != providers.end()) device.provider = found->second;
}

}  // namespace

Task<std::vector<self::AccountDevice>> list_devices(const Visit& visit) {
  auto devices = co_await visit.pages.overview.account_devices(visit.who.account.id, visit.who.id);
  pages::AppNames names(visit.pages.client_name);
  const auto providers = co_await providers_of_browsers(visit);
  for (auto& device : devices) {
    device.client = co_await names.of(device.client);
    name_provider(device, providers);
  }
  co_return devices;
}

Task<std::optional<self::AccountDevice>> find_device(const Visit& visit, std::string id) {
  auto device = co_await visit.pages.overview.account_device(visit.who.account.id, visit.who.id,
                                                             std::move(id));
  if (!device) co_return std::nullopt;
  device->client = co_await pages::AppNames(visit.pages.client_name).of(device->client);
  name_provider(*device, co_await providers_of_browsers(visit));
  co_return std::move(device);
}

std::string device_name(const Visit& visit, const self::AccountDevice& device) {
  std::string name = pages::device_name(visit.language, device, device.client);
  return name.empty() ? std::string(visit.language.say(Text::device_unnamed)) : name;
}

void put_device_facts(html::Values& facts, const Visit& visit, const self::AccountDevice& device) {
  put_fact(facts, visit.language.say(Text::device_id), device.id);
  put_fact(facts, visit.language.say(Text::device_app), device.client);
  put_fact(facts, visit.language.say(Text::last_used), ago_or_unknown(visit, device.last_used_at));
  put_fact(facts, visit.language.say(Text::device_first_used),
           ago_or_unknown(visit, device.first_used_at));
  put_fact(facts, visit.language.say(Text::device_place), device.address);
  const std::string agent = pages::browser_name(visit.language, device.user_agent);
  put_fact(facts, visit.language.say(Text::device_browser),
           agent.empty() ? device.user_agent : agent);
  if (device.here)
    put_fact(facts, visit.language.say(Text::device_here),
             visit.language.say(Text::device_here_why));
  if (device.method) {
    put_fact(facts, visit.language.say(Text::device_how),
             pages::way_of(visit.language, *device.method));
  }
  put_fact(facts, visit.language.say(Text::device_provider), device.provider);
}

http::Response no_such_device(const Visit& visit) {
  return pages::show_message(visit.pages, visit.request,
                             {.status = 404,
                              .title = Text::device_missing,
                              .sentence = Text::device_missing_why,
                              .link = std::string(kDevices),
                              .link_text = Text::to_devices});
}

void mount_devices(request::Routes& routes, const AccountPages& pages) {
  add_page(routes, pages, std::string(kDevices), get_devices);
  add_page(routes, pages, "/account/device", get_device);
  add_form(routes, pages, "/account/device", kDevices, rename_device);
  add_form(routes, pages, "/account/apps/end", kDevices, end_app);
}

}  // namespace latchkey::account_pages
