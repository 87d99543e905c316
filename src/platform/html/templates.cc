#include "platform/html/templates.h"

#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>
#include <ctemplate/template_enums.h>

#include <algorithm>
#include <stdexcept>

namespace latchkey::html {
namespace {

// The bytes stay as they are: a page's policy names its style and script by their hash.
constexpr ctemplate::Strip kStrip = ctemplate::DO_NOT_STRIP;

std::invalid_argument fault(const WebFile& file, std::string_view what) {
  return std::invalid_argument("web/" + std::string(file.name) + ": " + std::string(what));
}

// Turns escaping on, for the language that the file's ending names.
std::string_view pragma(const WebFile& file) {
  if (file.name.ends_with(".html")) return R"({{%AUTOESCAPE context="HTML"}})";
  if (file.name.ends_with(".css")) return R"({{%AUTOESCAPE context="CSS"}})";
  if (file.name.ends_with(".js")) return R"({{%AUTOESCAPE context="JAVASCRIPT"}})";
  throw fault(file, "is neither .html nor .css nor .js");
}

// A pragma would replace ours, new delimiters hide markers from this check, and a modifier
// ({{NAME:none}}) overrule the escaping that ctemplate finds.
void check_markers(const WebFile& file) {
  std::string_view rest = file.text;
  for (auto at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    rest.remove_prefix(at + 2);
    rest.remove_prefix(std::min(rest.find_first_not_of('{'), rest.size()));  // "{{{" ends in "{{"
    const std::string_view marker = rest.substr(0, rest.find("}}"));
    const bool comment = marker.starts_with('!');
    if (marker.starts_with('%')) throw fault(file, "has a pragma of its own");
    if (marker.starts_with('=')) throw fault(file, "changes the delimiters");
    if (!comment && marker.find(':') != std::string_view::npos) throw fault(file, "has a modifier");
  }
}

ctemplate::TemplateString view(std::string_view text) {
  return ctemplate::TemplateString(text.data(), text.size());
}

void fill(ctemplate::TemplateDictionary& dictionary, const Values& values) {
  for (const auto& [name, text] : values.texts()) dictionary.SetValue(view(name), view(text));
  for (const Values::Part& part : values.parts()) {
    ctemplate::TemplateDictionary* inner = nullptr;
    if (part.file.empty()) {
      inner = dictionary.AddSectionDictionary(view(part.name));
    } else {
      inner = dictionary.AddIncludeDictionary(view(part.name));
      inner->SetFilename(view(part.file));
    }
    fill(*inner, part.values);
  }
}

}  // namespace

struct Templates::Parsed {
  ctemplate::TemplateCache cache;
};

Templates::Templates(std::span<const WebFile> files) : parsed_(std::make_unique<Parsed>()) {
  for (const WebFile& file : files) {
    check_markers(file);
    std::string text(pragma(file));
    text.append(file.text);
    if (!parsed_->cache.StringToTemplateCache(view(file.name), view(text), kStrip)) {
      throw fault(file, "is no template");
    }
  }
  parsed_->cache.Freeze();  // from here on it reads nothing, not even a file that is missing
}

Templates::~Templates() = default;
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;

std::string Templates::render(std::string_view file, const Values& values) const {
  ctemplate::TemplateDictionary dictionary("");
  fill(dictionary, values);
  std::string page;
  if (!parsed_->cache.ExpandNoLoad(view(file), kStrip, &dictionary, nullptr, &page)) {
    throw std::logic_error("cannot render web/" + std::string(file));
  }
  return page;
}

}  // namespace latchkey::html
