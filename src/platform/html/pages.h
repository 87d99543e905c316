#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "platform/html/branding.h"
#include "platform/html/templates.h"
#include "platform/html/values.h"
#include "platform/http/message.h"
#include "platform/texts/catalogue.h"

namespace latchkey::html {

// Where a form may lead besides this server.
struct FormTarget {
  bool anywhere = false;    // to a site that may redirect on to any other
  std::string scheme = {};  // of an app on this device, "io.element:", where redirects end
};
// To that address.
FormTarget form_target_of(std::string_view address);

// One page of web/, inside layout.html.
struct Page {
  int status = 200;
  std::string title;        // of the window, and the page's heading
  std::string_view file;    // what stands below the heading
  Values values;            // of that file
  std::string_view script;  // a file of web/ that the page runs; empty: no script may run
  const texts::Language* language = nullptr;  // of its texts; null: English
  // Where its forms may lead besides this server. A redirect after a form counts as the form's, and
  // so does every one after that (Content Security Policy Level 3, section 6.4.1).
  FormTarget form_target = {};
  std::string refresh = {};  // where the browser goes at once by itself; empty: it stays
  // The page's own query, for links to it in other languages (`lang`): to go on with an "&", or
  // empty. Absent: there are no such links.
  std::optional<std::string> own_query = {};
};

// Every page that people see, with the headers that keep others out of it. Any number of threads
// may ask.
class Pages {
 public:
  // `server_name` stands above every heading, whatever the operator calls the service: whose page
  // this is.
  explicit Pages(std::string server_name, Branding branding = {});

  // Throws std::logic_error when web/ has no such file, or `form_target` is no scheme.
  http::Response answer(Page page) const;

  // The picture of that name (Picture::name), for a path below kPictures; null: there is none.
  const Picture* picture(std::string_view name) const;
  // For browsers that ask for an icon without having been told of one.
  const Picture& favicon() const { return favicon_; }

  // What the pages can say.
  const texts::Catalogue& texts() const { return texts_; }

 private:
  std::string policy(const Page& page) const;
  void put_branding(Values& layout) const;

  texts::Catalogue texts_;
  std::string server_name_;
  Branding branding_;
  Picture favicon_;
  std::string style_;  // web/style.css, with the operator's colours
  Templates templates_;
  std::map<std::string_view, std::string> hashes_;  // of each style and script, as CSP has them
};

}  // namespace latchkey::html
