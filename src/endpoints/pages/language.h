#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "platform/html/pages.h"
#include "platform/http/message.h"
#include "platform/http/public_url.h"
#include "platform/texts/catalogue.h"

// In which language a person reads.
namespace latchkey::pages {

using texts::Language;
using texts::Text;

// What the person has chosen on a page (`lang` in its address, from then on a cookie), else what an
// app has asked for (`ui_locales`: OpenID Connect Core section 3.1.2.1), else what the browser
// does. The app's wish stands in the query of the page that the person comes for, and so is in
// force on the pages before it too: those on which they sign in, with that page as `next`.
const Language& language_of(const html::Pages& pages, const http::Request& request);

inline constexpr std::string_view kLanguageCookie = "latchkey-language";
// The answer to a request with which the person chooses a language has the cookie that keeps it.
void keep_language(const http::PublicUrl& site, const html::Pages& pages,
                   const http::Request& request, http::Response& response);

// The app's wish as it came, for the way to a page whose address does not hold it; empty: none.
std::string ui_locales(const http::Request& request);

// The same wishes as one Accept-Language field (RFC 9110 section 12.5.4), for what others have
// written in several languages: what an app is called.
std::string accepted_languages(const http::Request& request);

// A document that people agree to: in their language, else in English, else in any.
const boost::json::object& document_in(const Language& language, const boost::json::object& policy);

}  // namespace latchkey::pages
