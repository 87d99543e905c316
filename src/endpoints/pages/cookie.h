#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"
#include "platform/http/public_url.h"

// Cookies of the pages (RFC 6265).
namespace latchkey::pages {

// "latchkey" on plain http, which is meant for a loopback alone; otherwise "__Host-latchkey", which
// nobody else can set.
std::string cookie_name(const http::PublicUrl& site, std::string_view suffix = {});

// The suffix of the cookie that says what was done, until the next page (surface.h).
inline constexpr std::string_view kNoticeCookie = "-notice";

// The first cookie of that name; empty: there is none.
std::string_view cookie_value(const http::Request& request, std::string_view name);

// The first cookies whose names are that, or begin with it and a '-': at most so many as a person's
// browser comes to have.
std::vector<std::string_view> cookies_named(const http::Request& request, std::string_view name);

// The value of Set-Cookie. Without an age it lasts as long as the browser is open; with none left
// it goes.
std::string set_cookie(const http::PublicUrl& site, std::string_view name, std::string_view value,
                       std::optional<std::chrono::seconds> age);

// The hidden field that goes with a cookie, on a page that was shown to `whose`.
std::string csrf_value(std::string_view cookie, std::string_view whose);

// Whether the browser says that the post comes from a page of another site. Our pages send no
// referrer, so that many browsers write "null" as the origin of their forms; Sec-Fetch-Site, where
// it is sent, tells those from others.
bool from_elsewhere(const http::PublicUrl& site, const http::Request& request);

}  // namespace latchkey::pages
