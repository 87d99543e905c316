#include "platform/html/templates.h"

#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>
#include <ctemplate/template_enums.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "platform/texts/catalogue.h"

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

// A text that a template says: what it is called there, and which it is.
struct Said {
  std::string_view name;
  texts::Text text;
};

bool is_name_of_text(std::string_view marker) {
  return !marker.empty() && marker.front() >= 'a' && marker.front() <= 'z';
}

// The texts that the template says. A pragma would replace ours, new delimiters hide markers from
// this check, and a modifier ({{NAME:none}}) overrule the escaping that ctemplate finds.
std::vector<Said> read_markers(const WebFile& file) {
  std::vector<Said> said;
  std::string_view rest = file.text;
  for (auto at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    rest.remove_prefix(at + 2);
    rest.remove_prefix(std::min(rest.find_first_not_of('{'), rest.size()));  // "{{{" ends in "{{"
    const std::string_view marker = rest.substr(0, rest.find("}}"));
    const bool comment = marker.starts_with('!');
    if (marker.starts_with('%')) throw fault(file, "has a pragma of its own");
    if (marker.starts_with('=')) throw fault(file, "changes the delimiters");
    if (!comment && marker.find(':') != std::string_view::npos) throw fault(file, "has a modifier");
    if (!is_name_of_text(marker)) continue;
    const auto text = texts::text_named(marker);
    if (!text) throw fault(file, "says what is no text: " + std::string(marker));
    said.push_back({marker, *text});
  }
  return said;
}

// What ctemplate gets, and the texts that it says.
struct Source {
  std::string text;
  std::vector<Said> said;
};

// A file with its parts: each {{>part.html}} that is one of `files`.
Source read(const WebFile& file, std::span<const WebFile> files) {
  constexpr std::string_view kPart = "{{>";
  constexpr std::string_view kEnd = "}}";
  Source source{std::string(pragma(file)), read_markers(file)};
  std::string_view rest = file.text;
  for (auto at = rest.find(kPart); at != std::string_view::npos; at = rest.find(kPart)) {
    source.text.append(rest.substr(0, at));
    rest.remove_prefix(at);
    const std::string_view marker = rest.substr(0, rest.find(kEnd));
    const auto part = std::ranges::find(files, marker.substr(kPart.size()), &WebFile::name);
    if (part == files.end()) {
      source.text.append(marker);
      rest.remove_prefix(marker.size());
    } else {
      source.text.append(part->text);
      const std::vector<Said> said = read_markers(*part);
      source.said.insert(source.said.end(), said.begin(), said.end());
      rest.remove_prefix(marker.size() + kEnd.size());
    }
  }
  source.text.append(rest);
  return source;
}

ctemplate::TemplateString view(std::string_view text) {
  return ctemplate::TemplateString(text.data(), text.size());
}

using SaidByFile = std::map<std::string, std::vector<Said>, std::less<>>;

// What a dictionary of ctemplate gets: the values, and in every file the texts that it says.
class Filler {
 public:
  Filler(const SaidByFile& said, const texts::Language& language)
      : said_(said), language_(language) {}

  void fill_file(ctemplate::TemplateDictionary& dictionary, std::string_view file,
                 const Values& values) const {
    const auto said = said_.find(file);
    if (said != said_.end()) {
      for (const auto& [name, text] : said->second) {
        dictionary.SetValueWithoutCopy(view(name), view(language_.say(text)));
      }
    }
    fill(dictionary, values);
  }

 private:
  void fill(ctemplate::TemplateDictionary& dictionary, const Values& values) const;

  const SaidByFile& said_;
  const texts::Language& language_;
};

void Filler::fill(ctemplate::TemplateDictionary& dictionary, const Values& values) const {
  for (const auto& [name, text] : values.texts()) dictionary.SetValue(view(name), view(text));
  for (const Values::Part& part : values.parts()) {
    if (part.file.empty()) {
      fill(*dictionary.AddSectionDictionary(view(part.name)), part.values);
    } else {
      ctemplate::TemplateDictionary& inner = *dictionary.AddIncludeDictionary(view(part.name));
      inner.SetFilename(view(part.file));
      fill_file(inner, part.file, part.values);
    }
  }
}

}  // namespace

struct Templates::Parsed {
  ctemplate::TemplateCache cache;
  SaidByFile said;
};

Templates::Templates(std::span<const WebFile> files) : parsed_(std::make_unique<Parsed>()) {
  for (const WebFile& file : files) {
    Source source = read(file, files);
    if (!parsed_->cache.StringToTemplateCache(view(file.name), view(source.text), kStrip)) {
      throw fault(file, "is no template");
    }
    parsed_->said.emplace(file.name, std::move(source.said));
  }
  parsed_->cache.Freeze();  // from here on it reads nothing, not even a file that is missing
}

Templates::~Templates() = default;
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;

std::string Templates::render(std::string_view file, const Values& values,
                              const texts::Language& language) const {
  ctemplate::TemplateDictionary dictionary("");
  Filler(parsed_->said, language).fill_file(dictionary, file, values);
  std::string page;
  if (!parsed_->cache.ExpandNoLoad(view(file), kStrip, &dictionary, nullptr, &page)) {
    throw std::logic_error("cannot render web/" + std::string(file));
  }
  return page;
}

}  // namespace latchkey::html
