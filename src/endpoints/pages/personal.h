#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "endpoints/pages/visit.h"
#include "endpoints/request/routes.h"

// Routes of pages that belong to a person.
namespace latchkey::pages {

// Where the server answers on its own, people are shown a page in their language.
request::Surface surface(const AccountPages& pages);

// Somebody who is signed in, and what they ask for. Lives until the answer.
struct Visit {
  const AccountPages& pages;
  const http::Request& request;
  const signin::BrowserSession& who;
  const Language& language;
  const http::Form& form;  // of a GET: the query

  std::string matrix_id() const;
};

using Personal = std::function<Task<http::Response>(const Visit&)>;

// Who is signed out signs in first and then sees the page.
void add_page(request::Routes& routes, const AccountPages& pages, std::string path,
              Personal answer);
// A form; who was signed out meanwhile signs in and then sees `back`.
void add_form(request::Routes& routes, const AccountPages& pages, std::string path,
              std::string_view back, Personal answer);

// A form that anybody may post.
using Open = std::function<Task<http::Response>(const http::Request&, const http::Form&)>;
void add_open_form(request::Routes& routes, const AccountPages& pages, std::string path,
                   Open answer);

// The query of a request; empty when it cannot be read.
http::Form query_of(const http::Request& request);

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
