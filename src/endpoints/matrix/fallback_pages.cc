#include "endpoints/matrix/fallback_pages.h"

#include <utility>

#include "endpoints/pages/words.h"
#include "platform/http/percent.h"

namespace latchkey::matrix {
namespace {

using texts::Language;
using texts::Text;

// What every stage's form has.
html::Page page_of(const Language& language, const FallbackForm& form, Text title,
                   std::string_view file) {
  html::Page page{form.status, std::string(language.say(title)), file, {}, {}, &language};
  page.values.set_sent("SESSION", form.session).set("PURPOSE", form.purpose);
  page.own_query =
      std::string(fallback_field::kSession) + "=" + http::percent_encode(form.session) + "&";
  const pages::Refused error{.status = form.status, .sentence = form.error, .field = form.error_at};
  if (!form.error.empty()) {
    pages::put_refusals(
        page, std::span(&error, 1),
        {fallback_field::kPassword, fallback_field::kToken, fallback_field::kTerms});
  }
  return page;
}

}  // namespace

http::Response password_page(const html::Pages& pages, const Language& language,
                             const FallbackForm& form, std::string_view user_id) {
  html::Page page = page_of(language, form, Text::fallback_password, "fallback_password.html");
  page.values.add_text("ACCOUNT", user_id);
  return pages.answer(std::move(page));
}

http::Response registration_token_page(const html::Pages& pages, const Language& language,
                                       const FallbackForm& form) {
  return pages.answer(
      page_of(language, form, Text::fallback_token, "fallback_registration_token.html"));
}

http::Response terms_page(const html::Pages& pages, const Language& language,
                          const FallbackForm& form, std::span<const pages::Policy> policies) {
  html::Page page = page_of(language, form, Text::fallback_terms, "fallback_terms.html");
  const bool wrong = !form.error.empty() && form.error_at == fallback_field::kTerms;
  pages::put_policies(page.values, policies, wrong, wrong);
  return pages.answer(std::move(page));
}

http::Response dummy_page(const html::Pages& pages, const Language& language,
                          const FallbackForm& form) {
  return pages.answer(page_of(language, form, Text::fallback_dummy, "fallback_dummy.html"));
}

http::Response done_page(const html::Pages& pages, const Language& language) {
  return pages.answer({200,
                       std::string(language.say(Text::fallback_done)),
                       "fallback_done.html",
                       {},
                       "auth_done.js",
                       &language});
}

http::Response gone_page(const html::Pages& pages, const Language& language,
                         std::string_view sentence, int status) {
  html::Page page{
      status,   std::string(language.say(Text::fallback_gone)), "fallback_gone.html", {}, {},
      &language};
  page.values.set("SENTENCE", sentence);
  return pages.answer(std::move(page));
}

}  // namespace latchkey::matrix
