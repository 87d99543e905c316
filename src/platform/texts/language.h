#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "generated/text_keys.h"
#include "platform/texts/translation.h"
#include "platform/time.h"

// What people read, in their language. A page asks the catalogue for the language that its visitor
// likes best, and the language for what is to be said:
//
//   const texts::Language& language = catalogue.best(ui_locales, accept_language);
//   language.say(texts::Text::sign_in);                    // "Anmelden"
//   language.say(texts::LogoutBack{.app = client_name});   // "Zurück zu Element"
//
// The words stand in web/texts/, one file a language, as ICU MessageFormat patterns; the build
// makes the types above from en.json (tools/texts.py). How a language counts, writes dates and
// lists, and in which direction, ICU knows. CONTRIBUTING.md says how to add a text and a language.
namespace latchkey::texts {

template <class T>
concept Filled = requires(const T& text) {
  { T::kPattern } -> std::convertible_to<Pattern>;
  text.arguments();
};

// Any number of threads may ask at once. What ICU needs for a language is made once, when somebody
// first reads it: a server that nobody visits pays nothing for twenty languages. It is then that a
// pattern which cannot be read throws std::invalid_argument, in the tests at the latest.
class Language {
 public:
  // `base` stands in for what `own` does not say. Both outlive the language.
  Language(const Translation& own, const Translation& base);
  ~Language();
  Language(const Language&) = delete;
  Language& operator=(const Language&) = delete;

  std::string_view code() const;       // "pt-BR": BCP 47, as <html lang> and ui_locales have it
  std::string_view name() const;       // in itself: "Deutsch"
  std::string_view direction() const;  // "ltr" or "rtl": of <html dir>

  // Good as long as the language is.
  std::string_view say(Text text) const;
  // "Back to {app}" with its parameters. Names keep the direction that they have.
  template <Filled T>
  std::string say(const T& text) const {
    return fill(T::kPattern, text.arguments());
  }

  // "5 minutes ago"; a date (of UTC) when it is longer ago than a week.
  std::string ago(Time time, Time now) const;
  // "Phone, tablet, and desk".
  std::string list(std::span<const std::string> items) const;

 private:
  struct Parts;
  std::string fill(Pattern pattern, std::span<const Argument> arguments) const;

  const Parts& parts() const;

  const Translation& own_;
  const Translation& base_;
  mutable std::once_flag made_;
  mutable std::unique_ptr<const Parts> parts_;
};

}  // namespace latchkey::texts
