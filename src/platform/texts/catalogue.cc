#include "platform/texts/catalogue.h"

#include <algorithm>
#include <string>

#include "platform/text/accept_language.h"

namespace latchkey::texts {
namespace {

// Beyond what a person speaks: each costs a little to match.
constexpr std::size_t kMostLocales = 20;

std::vector<std::string_view> codes() {
  std::vector<std::string_view> codes;
  for (const Translation& translation : translations()) codes.push_back(translation.code);
  return codes;
}

std::vector<std::string_view> split(std::string_view ui_locales) {
  std::vector<std::string_view> tags;
  while (!ui_locales.empty() && tags.size() < kMostLocales) {
    const auto end = std::min(ui_locales.find(' '), ui_locales.size());
    if (end > 0) tags.push_back(ui_locales.substr(0, end));
    ui_locales.remove_prefix(std::min(end + 1, ui_locales.size()));
  }
  return tags;
}

}  // namespace

Catalogue::Catalogue() : matcher_(codes()) {
  const Translation& base = translations().front();
  for (const Translation& own : translations()) {
    languages_.push_back(std::make_unique<const Language>(own, base));
  }
}

const Language& Catalogue::best(std::string_view ui_locales,
                                std::string_view accept_language) const {
  auto found = matcher_.best(split(ui_locales));
  if (!found) found = matcher_.best(text::accepted_languages(accept_language));
  return *languages_[found.value_or(0)];
}

std::optional<Text> text_named(std::string_view key) {
  const auto keys = text_keys();
  const auto found = std::ranges::find(keys, key);
  if (found == keys.end()) return std::nullopt;
  return static_cast<Text>(found - keys.begin());
}

}  // namespace latchkey::texts
