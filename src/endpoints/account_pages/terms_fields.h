#pragma once

#include "endpoints/account_pages/account_pages.h"

// The documents to which who makes an account has to agree, as fields of a form.
namespace latchkey::account_pages {

// {{#TERMS_FIELD}}, ticked as they were sent; `refusals` may be about "terms".
void put_terms(html::Values& values, const AccountPages& pages, const Language& language,
               const http::Form& sent, const pages::Refusals& refusals);
// Whether each of them was ticked; also where there is none.
bool all_accepted(const AccountPages& pages, const Language& language, const http::Form& sent);

}  // namespace latchkey::account_pages
