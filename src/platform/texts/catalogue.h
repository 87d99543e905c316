#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "platform/texts/language.h"
#include "platform/texts/matcher.h"

namespace latchkey::texts {

// Every language of web/texts/. Built once; any number of threads may ask.
class Catalogue {
 public:
  Catalogue();

  const Language& english() const { return *languages_.front(); }
  std::span<const std::unique_ptr<const Language>> languages() const { return languages_; }

  // The language for a person. `ui_locales`: what an app asks for in their name (OpenID Connect
  // Core section 3.1.2.1), which outranks the browser's Accept-Language (RFC 9110 section 12.5.4).
  // English when neither names one that we speak.
  const Language& best(std::string_view ui_locales, std::string_view accept_language) const;

 private:
  std::vector<std::unique_ptr<const Language>> languages_;
  Matcher matcher_;
};

// The text that is called so in the templates.
std::optional<Text> text_named(std::string_view key);

}  // namespace latchkey::texts
