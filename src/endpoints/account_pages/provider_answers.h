#pragma once

#include <string>
#include <string_view>

#include "endpoints/account_pages/account_pages.h"

// What follows when somebody has come back from an identity provider, or does not get on.
namespace latchkey::account_pages {

// Where who comes for the first time is asked (newcomer.cc); its query names the way.
inline constexpr std::string_view kNewcomer = "/account/newcomer";

// What the person reads, which names the provider where it had a part in it.
std::string sentence_of(const Language& language, const federation::Refused& refused);

http::Response refused_page(const AccountPages& pages, const http::Request& request,
                            const federation::Refused& refused);

http::Response signed_in_page(const AccountPages& pages, const federation::SignedIn& signed_in);

}  // namespace latchkey::account_pages
