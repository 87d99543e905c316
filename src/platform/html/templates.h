#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "platform/html/values.h"
#include "platform/html/web_files.h"
#include "platform/texts/language.h"

namespace latchkey::html {

// Templates in the language of ctemplate: {{NAME}}, {{#SECTION}}…{{/SECTION}}, {{>INCLUDE}},
// {{! comment}}; {{>part.html}} is what that file says, as if it stood here. In lower case a name
// is a text of the catalogue. Every value is escaped for where it stands: text, attribute, URL,
// script, style. No template can say otherwise. A whole URL that is not http, https or relative
// becomes "#"; a value inside a URL is escaped for HTML alone: percent-encode it first.
//
// Parsed once, then never changed: any number of threads may render. No file is read or written.
class Templates {
 public:
  // A file's ending says what it is: .html, .css or .js. Throws std::invalid_argument that names
  // the file when one does not parse, says what is no text of the catalogue, or has a marker that
  // would change how values are escaped.
  explicit Templates(std::span<const WebFile> files);
  ~Templates();
  Templates(Templates&&) noexcept;
  Templates& operator=(Templates&&) noexcept;

  // Throws std::logic_error when there is no such template, or one that it includes.
  std::string render(std::string_view file, const Values& values,
                     const texts::Language& language) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace latchkey::html
