#include "platform/texts/search.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace latchkey::texts {
namespace {

icu::UnicodeString folded(std::string_view text) {
  return icu::UnicodeString::fromUTF8(text).foldCase();
}

std::vector<icu::UnicodeString> words_of(const icu::UnicodeString& text) {
  std::vector<icu::UnicodeString> words;
  icu::UnicodeString word;
  for (std::int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    const UChar32 character = text.char32At(at);
    if (u_isUWhiteSpace(character) == 0) {
      word.append(character);
    } else if (!word.isEmpty()) {
      words.push_back(word);
      word.remove();
    }
  }
  if (!word.isEmpty()) words.push_back(word);
  return words;
}

}  // namespace

bool has_words(std::string_view query, std::span<const std::string> texts) {
  std::vector<icu::UnicodeString> known;
  for (const std::string& text : texts) known.push_back(folded(text));
  return std::ranges::all_of(words_of(folded(query)), [&](const icu::UnicodeString& word) {
    return std::ranges::any_of(
        known, [&](const icu::UnicodeString& text) { return text.indexOf(word) >= 0; });
  });
}

}  // namespace latchkey::texts
