#pragma once

#include <string_view>

#include "endpoints/pages/visit.h"
#include "endpoints/request/routes.h"

namespace latchkey::pages {

// Routes of pages: where the server answers on its own, people are shown a page in their language.
request::Surface surface(const Site& site);

// What a person is told on the page that they are sent to after something was done.
enum class Notice {
  app_ended,
  browser_ended,
  device_deleted,
  everything,
  password,
  saved,
  signed_out,
  welcome,
};
http::Response done(std::string_view path, Notice notice);
// What done() has said; empty: nothing.
std::string_view notice_of(const Language& language, const http::Form& query);

}  // namespace latchkey::pages
