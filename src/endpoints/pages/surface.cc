#include "endpoints/pages/surface.h"

#include <algorithm>

#include "endpoints/pages/cookie.h"
#include "endpoints/pages/next.h"
#include "endpoints/request/origin.h"

namespace latchkey::pages {
namespace {

// How each notice is named in the cookie, and what it says; in the order of Notice.
struct Known {
  std::string_view name;
  Text text;
};
constexpr Known kNotices[] = {
    {"app_ended", Text::notice_app_ended},
    {"browser_ended", Text::notice_browser_ended},
    {"device_deleted", Text::notice_device_deleted},
    {"devices_deleted", Text::notice_devices_deleted},
    {"devices_none_chosen", Text::devices_none_chosen},
    {"everything", Text::notice_everything},
    {"linked", Text::notice_linked},
    {"password", Text::notice_password},
    {"saved", Text::notice_saved},
    {"signed_out", Text::notice_signed_out},
    {"unlinked", Text::notice_unlinked},
    {"welcome", Text::notice_welcome},
};

struct Fault {
  Text title;
  Text sentence;
};

Fault what_happened(int status) {
  if (status == 503 || status == 408 || status == 429) {
    return {Text::fault_passes, Text::fault_passes_why};
  }
  if (status >= 500) return {Text::fault_server, Text::fault_server_why};
  if (status == 404 || status == 405) return {Text::fault_no_page, Text::fault_no_page_why};
  return {Text::fault_request, Text::fault_request_why};
}

http::Response fault_page(const Site& site, const request::ServerRefusal& refusal,
                          const http::Request& request) {
  const Fault fault = what_happened(refusal.status);
  http::Response response = show_message(site, request,
                                         {.status = refusal.status,
                                          .title = fault.title,
                                          .sentence = fault.sentence,
                                          .link = std::string(kHome)});
  if (refusal.retry_after > Duration{0}) {
    request::put_retry_after(response, refusal.retry_after);
  }
  return response;
}

}  // namespace

request::Surface surface(const Site& site) {
  return {.name = "pages",
          .refuse =
              [&site](const request::ServerRefusal& refusal, const http::Request& request) {
                return fault_page(site, refusal, request);
              },
          .of_pages = true};
}

http::Response done(const Site& site, std::string path, Notice notice) {
  http::Response response = see_other(std::move(path));
  const http::PublicUrl& url = site.public_url;
  const std::string_view name = kNotices[static_cast<std::size_t>(notice)].name;
  response.headers.emplace_back("Set-Cookie",
                                set_cookie(url, cookie_name(url, kNoticeCookie), name, {}));
  return response;
}

std::string_view notice_of(const Site& site, const http::Request& request) {
  const std::string_view name = cookie_value(request, cookie_name(site.public_url, kNoticeCookie));
  const auto* known = std::ranges::find(kNotices, name, &Known::name);
  if (known == std::end(kNotices)) return {};
  return language_of(site, request).say(known->text);
}

}  // namespace latchkey::pages
