// GET and POST /account/profile.

#include "endpoints/account_pages/mount.h"
#include "endpoints/pages/personal.h"
#include "endpoints/pages/words.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kPath = "/account/profile";

Task<http::Response> profile_page(const pages::Visit& visit, const pages::Refused& refused) {
  const auto profile = co_await visit.pages.account.profile(visit.who);
  html::Page page = pages::begin_page(visit.pages, visit.request, visit.language.say(Text::profile),
                                      "account_profile.html");
  html::Values& values = page.values;
  values.set("ACCOUNT", visit.matrix_id()).set("SHOWN_NAME", profile.display_name);
  values.add_text("NOTICE", pages::notice_of(visit.language, visit.form));
  values.add_text("ERROR", refused.sentence);
  for (const accounts::Threepid& threepid : profile.threepids) {
    const bool phone = threepid.medium == "msisdn";
    values.add("THREEPID")
        .set("KIND", visit.language.say(phone ? Text::phone : Text::email))
        .set("ADDRESS", (phone ? "+" : "") + threepid.address);
  }
  if (!refused.sentence.empty()) page.status = refused.status;
  co_return pages::show(visit.pages, visit.request, std::move(page));
}

Task<http::Response> get_profile(const pages::Visit& visit) {
  co_return co_await profile_page(visit, {});
}

Task<http::Response> post_profile(const pages::Visit& visit) {
  const auto saved =
      co_await visit.pages.account.set_display_name(visit.who, pages::field(visit.form, "name"));
  if (saved) co_return pages::done(kPath, pages::Notice::saved);
  co_return co_await profile_page(visit, pages::words(visit.language, saved.error()));
}

}  // namespace

void mount_profile(request::Routes& routes, const pages::AccountPages& pages) {
  pages::add_page(routes, pages, std::string(kPath), get_profile);
  pages::add_form(routes, pages, std::string(kPath), kPath, post_profile);
}

}  // namespace latchkey::account_pages
