// GET /account/ways-in: the password and the identity providers by which the account is reached;
// POST …/remove: one of them less.

#include <variant>

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/provider_answers.h"
#include "endpoints/pages/confirmation.h"
#include "endpoints/pages/words.h"

namespace latchkey::account_pages {
namespace {

Task<http::Response> ways_page(const Visit& visit, const pages::Refusals& refusals) {
  const auto ways = co_await visit.pages.federation->ways_in(visit.who.account.id);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::ways_in),
                                      "account_ways.html");
  html::Values& values = page.values;
  values.add_text("NOTICE", pages::notice_of(visit.pages, visit.request));
  if (visit.pages.operations.own_passwords_offered() &&
      (co_await visit.pages.overview.profile(visit.who.account.id)).has_password) {
    values.add("HAS_PASSWORD");
  }
  for (const federation::WayIn& way : ways) {
    html::Values& row = values.add("WAY");
    row.set("PROVIDER", way.provider.empty() ? way.provider_id : way.provider);
    row.set_sent("PROVIDER_ID", way.provider_id).set_sent("SUBJECT", way.subject);
    const Time now = visit.pages.clock.now();
    row.set("ADDED", visit.language.ago(way.created_at, now));
    if (way.used_at) row.add("USED").set("USED", visit.language.ago(*way.used_at, now));
    row.set("LOGOUT", way.logout_at ? visit.language.ago(*way.logout_at, now)
                                    : std::string(visit.language.say(Text::way_logout_never)));
    row.set("REMOVE_LABEL",
            visit.language.say(texts::WayRemove{.provider = way.provider.empty() ? way.provider_id
                                                                                 : way.provider}));
  }
  for (const providers::Provider& provider : visit.pages.federation->providers().all()) {
    if (provider.browser == nullptr) continue;
    values.add("ADD")
        .set("ID", provider.options.id)
        .set("LABEL", visit.language.say(texts::WayAdd{.provider = provider.options.name}));
  }
  pages::put_refusals(page, refusals, {});
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

Task<http::Response> get_ways(const Visit& visit) { co_return co_await ways_page(visit, {}); }

Task<http::Response> post_unlink(const Visit& visit) {
  const auto removed = co_await visit.pages.federation->unlink(
      self::proof_of(visit.who), pages::field(visit.form, "provider"),
      pages::field(visit.form, "subject"), std::string(visit.request.client_address));
  if (removed) {
    co_return pages::done(visit.pages, std::string(kWaysIn), pages::Notice::unlinked);
  }
  if (const auto* refused = std::get_if<federation::Refused>(&removed.error())) {
    co_return co_await ways_page(
        visit, {{.status = 409, .sentence = sentence_of(visit.language, *refused)}});
  }
  const auto& refused = std::get<self::Refused>(removed.error());
  if (refused.why == self::Refused::Why::not_fresh) {
    co_return pages::to_sign_in(kWaysIn, {.again = true});
  }
  co_return co_await ways_page(visit, {pages::words(visit.language, refused)});
}

}  // namespace

void mount_ways_in(request::Routes& routes, const AccountPages& pages) {
  if (pages.federation == nullptr) return;
  add_page(routes, pages, std::string(kWaysIn), get_ways);
  add_form(routes, pages, std::string(kWaysIn) + "/remove", kWaysIn, post_unlink);
}

}  // namespace latchkey::account_pages
