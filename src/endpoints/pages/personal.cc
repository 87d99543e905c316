#include "endpoints/pages/personal.h"

#include <algorithm>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "endpoints/pages/next.h"
#include "endpoints/request/origin.h"

namespace latchkey::pages {
namespace {

// How each notice is named in the query, and what it says; in the order of Notice.
struct Known {
  std::string_view name;
  Text text;
};
constexpr Known kNotices[] = {
    {"app_ended", Text::notice_app_ended},
    {"browser_ended", Text::notice_browser_ended},
    {"device_deleted", Text::notice_device_deleted},
    {"everything", Text::notice_everything},
    {"password", Text::notice_password},
    {"saved", Text::notice_saved},
    {"signed_out", Text::notice_signed_out},
    {"welcome", Text::notice_welcome},
};

Task<http::Response> answer_page(const AccountPages& pages, const http::Request& request,
                                 const Personal& answer) {
  const auto who = co_await visitor(pages, request);
  if (!who) {
    std::string next(request.path);
    if (!request.query.empty()) next.append("?").append(request.query);
    co_return to_sign_in(next);
  }
  const http::Form query = query_of(request);
  const Visit visit{pages, request, *who, language_of(pages, request), query};
  co_return co_await answer(visit);
}

// The form that was sent; absent: it is none, or does not come from our pages.
std::optional<http::Form> sent_form(const AccountPages& pages, const http::Request& request) {
  if (!http::has_form(request)) return std::nullopt;
  auto form = http::Form::parse(request.body);
  if (!form || !csrf_ok(pages, request, *form)) return std::nullopt;
  return std::move(*form);
}

Task<http::Response> answer_form(const AccountPages& pages, const http::Request& request,
                                 std::string_view back, const Personal& answer) {
  const auto who = co_await visitor(pages, request);
  if (!who) co_return to_sign_in(back);
  const auto form = sent_form(pages, request);
  if (!form) co_return csrf_refused(pages, request);
  const Visit visit{pages, request, *who, language_of(pages, request), *form};
  co_return co_await answer(visit);
}

Task<http::Response> answer_open(const AccountPages& pages, const http::Request& request,
                                 const Open& answer) {
  const auto form = sent_form(pages, request);
  if (!form) co_return csrf_refused(pages, request);
  co_return co_await answer(request, *form);
}

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

http::Response fault_page(const AccountPages& pages, const request::ServerRefusal& refusal,
                          const http::Request& request) {
  const Fault fault = what_happened(refusal.status);
  http::Response response = show_message(pages, request,
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

request::Surface surface(const AccountPages& pages) {
  return {.name = "pages",
          .refuse =
              [&pages](const request::ServerRefusal& refusal, const http::Request& request) {
                return fault_page(pages, refusal, request);
              },
          .of_pages = true};
}

std::string Visit::matrix_id() const {
  return accounts::matrix_id(who.account.localpart, pages.server_name);
}

void add_page(request::Routes& routes, const AccountPages& pages, std::string path,
              Personal answer) {
  routes.add(http::Method::get, std::move(path),
             [&pages, answer = std::move(answer)](const http::Request& request) {
               return answer_page(pages, request, answer);
             });
}

void add_form(request::Routes& routes, const AccountPages& pages, std::string path,
              std::string_view back, Personal answer) {
  routes.add(http::Method::post, std::move(path),
             [&pages, back, answer = std::move(answer)](const http::Request& request) {
               return answer_form(pages, request, back, answer);
             });
}

void add_open_form(request::Routes& routes, const AccountPages& pages, std::string path,
                   Open answer) {
  routes.add(http::Method::post, std::move(path),
             [&pages, answer = std::move(answer)](const http::Request& request) {
               return answer_open(pages, request, answer);
             });
}

http::Form query_of(const http::Request& request) {
  auto query = http::Form::parse(request.query);
  return query ? std::move(*query) : http::Form();
}

http::Response done(std::string_view path, Notice notice) {
  std::string location(path);
  location += path.contains('?') ? "&notice=" : "?notice=";
  return see_other(location.append(kNotices[static_cast<std::size_t>(notice)].name));
}

std::string_view notice_of(const Language& language, const http::Form& query) {
  const auto* known = std::ranges::find(kNotices, field(query, "notice"), &Known::name);
  return known == std::end(kNotices) ? std::string_view() : language.say(known->text);
}

}  // namespace latchkey::pages
