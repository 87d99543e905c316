#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>

namespace latchkey::html {

// What fills a template. Texts are plain: the template escapes each for the place it stands in. Of
// what people cannot see in them, or what would turn the direction of the page, nothing is left
// (text/shown.h): strangers choose many of them. What a form sends back must be as it was.
class Values {
 public:
  struct Part;

  // {{NAME}}. A name that is not set is empty.
  Values& set(std::string_view name, std::string_view text);

  // {{NAME}} in the value of a field that is sent back and not read: to the letter. A device ID
  // without what nobody sees would be another device's.
  Values& set_sent(std::string_view name, std::string_view value);

  // {{#NAME}}…{{/NAME}}: once more for each call, with the values of the part that is returned;
  // what is not set there is looked up here. A section without a part is left out. The part is
  // good as long as these values, and stays where it is when others are added.
  Values& add(std::string_view section);

  // {{#NAME}}…{{/NAME}} with `text` as {{NAME}} in it, when there is one.
  Values& add_text(std::string_view section, std::string_view text);
  Values& add_sent(std::string_view section, std::string_view value);

  // {{>NAME}}: the template `file`, with the values of the part that is returned and no others.
  Values& include(std::string_view slot, std::string_view file);

  const std::list<std::pair<std::string, std::string>>& texts() const { return texts_; }
  const std::list<Part>& parts() const { return parts_; }

 private:
  std::list<std::pair<std::string, std::string>> texts_;
  std::list<Part> parts_;
};

struct Values::Part {
  std::string name;
  std::string file;  // empty: a section
  Values values;
};

}  // namespace latchkey::html
