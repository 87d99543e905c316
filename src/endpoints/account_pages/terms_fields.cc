#include "endpoints/account_pages/terms_fields.h"

#include <algorithm>

#include "endpoints/pages/terms.h"

namespace latchkey::account_pages {

void put_terms(html::Values& values, const AccountPages& pages, const Language& language,
               const http::Form& sent, const pages::Refusals& refusals) {
  const bool wrong = std::ranges::find(refusals, "terms", &pages::Refused::field) != refusals.end();
  // The first that is wrong has the focus, as with other fields.
  const bool focus = wrong && std::ranges::none_of(refusals, [](const pages::Refused& refused) {
                       return !refused.field.empty() && refused.field != "terms";
                     });
  pages::put_policies(values.add("TERMS_FIELD"),
                      pages::policies_in(language, pages.registration.terms(), sent), wrong, focus);
}

bool all_accepted(const AccountPages& pages, const Language& language, const http::Form& sent) {
  return pages::all_ticked(pages::policies_in(language, pages.registration.terms(), sent));
}

}  // namespace latchkey::account_pages
