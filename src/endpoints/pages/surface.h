#pragma once

#include <string_view>

#include "endpoints/pages/visit.h"
#include "endpoints/request/routes.h"

namespace latchkey::pages {

// Routes of pages: where the server answers on its own, people are shown a page in their language.
request::Surface surface(const Site& site);

// What a person is told on the page that they are sent to after something was done. The browser
// carries it there in a cookie, which goes with the next page that is shown: an address can be sent
// by anybody, and what it says would be said again each time it is opened.
enum class Notice {
  app_ended,
  browser_ended,
  device_deleted,
  devices_deleted,
  devices_none_chosen,
  everything,
  linked,
  password,
  saved,
  signed_out,
  unlinked,
  welcome,
};
http::Response done(const Site& site, std::string path, Notice notice);
// What done() has said, for the page that is shown now; empty: nothing.
std::string_view notice_of(const Site& site, const http::Request& request);

}  // namespace latchkey::pages
