#include "endpoints/pages/language.h"

#include <algorithm>
#include <chrono>

#include "endpoints/pages/cookie.h"
#include "endpoints/pages/next.h"
#include "platform/http/form.h"

namespace latchkey::pages {
namespace {

std::string only(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  return value ? std::string(value->value_or("")) : std::string();
}

std::string asked_in(std::string_view query) {
  const auto form = http::Form::parse(full_query(query));
  return form ? only(*form, "ui_locales") : std::string();
}

// The page to go on at afterwards; empty: none is named.
std::string next_of(std::string_view query_or_body) {
  const auto form = http::Form::parse(query_or_body);
  return form ? only(*form, "next") : std::string();
}

const Language* named(const html::Pages& pages, std::string_view code) {
  for (const auto& language : pages.texts().languages()) {
    if (language->code() == code) return language.get();
  }
  return nullptr;
}

// What the person chooses with this request; null: nothing, or what is none of our languages.
const Language* chosen_now(const html::Pages& pages, const http::Request& request) {
  const auto form = http::Form::parse(request.query);
  return form ? named(pages, only(*form, "lang")) : nullptr;
}

}  // namespace

void keep_language(const http::PublicUrl& site, const html::Pages& pages,
                   const http::Request& request, http::Response& response) {
  constexpr auto kKept = std::chrono::seconds{std::chrono::days{365}};
  const Language* chosen = chosen_now(pages, request);
  if (chosen == nullptr) return;
  response.headers.emplace_back("Set-Cookie",
                                set_cookie(site, kLanguageCookie, chosen->code(), kKept));
}

std::string ui_locales(const http::Request& request) {
  std::string asked = asked_in(request.query);
  if (!asked.empty()) return asked;
  std::string next = next_of(request.query);
  if (next.empty() && http::has_form(request)) next = next_of(request.body);
  const auto query = next.find('?');
  return query == std::string::npos ? std::string() : asked_in(next.substr(query + 1));
}

const Language& language_of(const html::Pages& pages, const http::Request& request) {
  if (const Language* chosen = chosen_now(pages, request)) return *chosen;
  if (const Language* before = named(pages, cookie_value(request, kLanguageCookie))) return *before;
  return pages.texts().best(ui_locales(request), request.header("Accept-Language"));
}

std::string accepted_languages(const http::Request& request) {
  std::string wishes = ui_locales(request);
  std::ranges::replace(wishes, ' ', ',');
  if (!wishes.empty()) wishes += ',';
  return wishes.append(request.header("Accept-Language"));
}

const boost::json::object& document_in(const Language& language,
                                       const boost::json::object& policy) {
  for (const std::string_view wanted : {language.code(), std::string_view("en")}) {
    const auto* document = policy.if_contains(wanted);
    if (document != nullptr && document->is_object()) return document->get_object();
  }
  const auto* any =
      std::ranges::find_if(policy, [](const auto& entry) { return entry.value().is_object(); });
  return any->value().as_object();
}

}  // namespace latchkey::pages
