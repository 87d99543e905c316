#include "platform/html/pages.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "platform/crypto/hash.h"
#include "platform/html/address.h"
#include "platform/html/web_files.h"
#include "platform/http/field.h"
#include "platform/text/base64.h"

namespace latchkey::html {
namespace {

constexpr std::string_view kLayout = "layout.html";
constexpr std::string_view kStyle = "style.css";
constexpr std::string_view kMailto = "mailto:";

// A hash-source (Content Security Policy Level 3, section 2.3.1) of an inline style or script.
std::string hash_source(std::string_view text) {
  const crypto::Digest digest = crypto::sha256(text);
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "'sha256-" + text::encode_base64(bytes) + "'";
}

// The stylesheet, with the operator's colours after ours.
std::string style_with(const Branding& branding) {
  const auto file = std::ranges::find(web_files(), kStyle, &WebFile::name);
  std::string style(file->text);
  if (branding.accents) style += style_of(*branding.accents);
  return style;
}

// The files of web/ that make pages, with that style.
std::vector<WebFile> files_with(std::string_view style) {
  std::vector<WebFile> files;
  for (WebFile file : web_files()) {
    if (file.name.ends_with(".svg")) continue;
    if (file.name == kStyle) file.text = style;
    files.push_back(file);
  }
  return files;
}

std::map<std::string_view, std::string> hash_sources(std::string_view style) {
  std::map<std::string_view, std::string> hashes;
  for (const WebFile& file : files_with(style)) {
    if (!file.name.ends_with(".html")) hashes.emplace(file.name, hash_source(file.text));
  }
  return hashes;
}

std::string path_of(const Picture& picture) { return std::string(kPictures) + picture.name; }

// Links to the page in every other language.
void put_languages(Values& footer, const std::string& own_query, const texts::Catalogue& texts,
                   const texts::Language& language) {
  Values& languages = footer.add("LANGUAGES").set("LANGUAGE_NAME", language.name());
  for (const auto& other : texts.languages()) {
    if (other->code() == language.code()) continue;
    languages.add("OTHER_LANGUAGE")
        .set("HREF", "?" + own_query + "lang=" + std::string(other->code()))
        .set("CODE", other->code())
        .set("NAME", other->name());
  }
}

}  // namespace

FormTarget form_target_of(std::string_view address) {
  const auto colon = address.find(':');
  if (colon == address.npos || !is_scheme(address.substr(0, colon))) return {};
  std::string scheme(address.substr(0, colon));
  std::ranges::transform(scheme, scheme.begin(), http::to_lower);
  if (scheme == "https" || scheme == "http") return {.anywhere = true};
  return {.scheme = scheme + ":"};
}

Pages::Pages(std::string server_name, Branding branding)
    : server_name_(std::move(server_name)),
      branding_(std::move(branding)),
      favicon_(branding_.favicon ? *branding_.favicon : default_favicon()),
      style_(style_with(branding_)),
      templates_(files_with(style_)),
      hashes_(hash_sources(style_)) {}

const Picture* Pages::picture(std::string_view name) const {
  if (branding_.logo && branding_.logo->name == name) return &*branding_.logo;
  return favicon_.name == name ? &favicon_ : nullptr;
}

// Nothing is loaded, from here or elsewhere: on this origin the homeserver may serve what its
// users uploaded, so not even 'self' is trusted, except for the operator's pictures, and for
// nothing but pictures then. Style and script stand in the page.
std::string Pages::policy(const Page& page) const {
  const std::string_view script = page.script;
  std::string policy = "default-src 'none'; style-src " + hashes_.at(kStyle);
  if (branding_.logo || branding_.favicon) policy += "; img-src 'self'";
  if (!script.empty()) {
    const auto hash = hashes_.find(script);
    if (hash == hashes_.end()) throw std::logic_error("no web/" + std::string(script));
    policy += "; script-src " + hash->second;
  }
  const FormTarget& target = page.form_target;
  if (!target.anywhere) {
    policy += "; form-action 'self'";
    if (!target.scheme.empty()) {
      // It must not become a directive or a source of its own.
      const std::string_view scheme = target.scheme;
      if (!scheme.ends_with(':') || !is_scheme(scheme.substr(0, scheme.size() - 1))) {
        throw std::logic_error("not a source of a policy: " + target.scheme);
      }
      policy.append(" ").append(scheme);
    }
  }
  return policy + "; base-uri 'none'; frame-ancestors 'none'";
}

void Pages::put_branding(Values& layout) const {
  const std::string& name = branding_.name;
  layout.set("SERVER_NAME", server_name_).set("SERVICE", name.empty() ? server_name_ : name);
  if (branding_.favicon) {
    layout.add("ICON").set("HREF", path_of(favicon_)).set("TYPE", favicon_.content_type);
  }
  // The picture says the name.
  if (branding_.logo) {
    layout.add("LOGO").set("SRC", path_of(*branding_.logo)).set("ALT", name);
  } else if (name != server_name_) {
    layout.add_text("NAME", name);
  }
}

http::Response Pages::answer(Page page) const {
  std::string policy = this->policy(page);
  Values layout;
  const texts::Language& language = page.language != nullptr ? *page.language : texts_.english();
  layout.set("LANGUAGE", language.code()).set("DIRECTION", language.direction());
  layout.set("TITLE", page.title);
  if (!page.refresh.empty()) set_address(layout.add("REFRESH"), "GOES_TO", page.refresh);
  put_branding(layout);
  const std::string_view help = branding_.help;
  if (page.own_query || !help.empty()) {
    Values& footer = layout.add("FOOTER");
    // A template lets no scheme but http and https begin an address.
    const bool mail = help.starts_with(kMailto);
    footer.add_text(mail ? "HELP_MAIL" : "HELP", mail ? help.substr(kMailto.size()) : help);
    if (page.own_query) put_languages(footer, *page.own_query, texts_, language);
  }
  layout.include("STYLE", kStyle);
  layout.include("BODY", page.file) = std::move(page.values);
  if (!page.script.empty()) layout.add("SCRIPT").include("CODE", page.script);

  http::Response response;
  response.status = page.status;
  response.content_type = "text/html; charset=utf-8";
  response.body = templates_.render(kLayout, layout, language);
  // Cross-Origin-Opener-Policy is not among them: it would cut the page off from the client that
  // opened it and waits for its message (spec "Fallback").
  response.headers = {{"Content-Security-Policy", std::move(policy)},
                      {"X-Frame-Options", "DENY"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}};
  return response;
}

}  // namespace latchkey::html
