#pragma once

#include <span>
#include <string_view>

#include "platform/html/values.h"
#include "platform/http/message.h"

// What the pages say, in every language they speak.
namespace latchkey::pages {

enum class Language { english, german };

// "en", "de": the value of <html lang>.
std::string_view code(Language language);

// What the browser asks for (Accept-Language, RFC 9110 section 12.5.4); English when it asks for
// nothing that we speak.
Language language_of(std::string_view accept_language);
Language language_of(const http::Request& request);

struct Text {
  std::string_view key;  // {{KEY}} in the templates
  std::string_view english;
  std::string_view german;
};
// The catalogue, by key.
std::span<const Text> texts();

// Throws std::logic_error when there is no such key.
std::string_view text(Language language, std::string_view key);

// Gives a template all of them.
void put_texts(html::Values& values, Language language);

}  // namespace latchkey::pages
