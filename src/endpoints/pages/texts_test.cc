#include "endpoints/pages/texts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "platform/html/web_files.h"

namespace latchkey::pages {
namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Language, IsWhatTheBrowserLikesBest) {
  struct Row {
    const char* accept;
    Language language;
  };
  for (const Row& row :
       {Row{"", Language::english}, Row{"de", Language::german}, Row{"de-AT", Language::german},
        Row{"DE-de,en;q=0.8", Language::german}, Row{"en-GB, de;q=0.9", Language::english},
        Row{"en;q=0.5, de;q=0.7", Language::german}, Row{"fr, de;q=0.3", Language::german},
        Row{"fr", Language::english}, Row{"de;q=0, en;q=0.1", Language::english},
        Row{"de;q=0.000", Language::english}, Row{"*", Language::english},
        Row{"den, dev", Language::english}, Row{",;q=,de;", Language::german}}) {
    EXPECT_EQ(language_of(row.accept), row.language) << row.accept;
  }
}

TEST(Catalogue, SaysEverythingInEveryLanguage) {
  std::set<std::string_view> keys;
  for (const Text& entry : texts()) {
    EXPECT_TRUE(keys.insert(entry.key).second) << entry.key << " is there twice";
    EXPECT_FALSE(entry.english.empty()) << entry.key;
    EXPECT_FALSE(entry.german.empty()) << entry.key;
    for (const char* place : {"{}", "{0}", "{1}"}) {
      EXPECT_EQ(count(entry.english, place), count(entry.german, place)) << entry.key;
    }
    EXPECT_EQ(text(Language::german, entry.key), entry.german);
  }
  EXPECT_THROW(text(Language::english, "NO_SUCH_TEXT"), std::logic_error);
}

// `text` without what stands between these two.
std::string without(std::string_view text, std::string_view open, std::string_view close) {
  std::string rest;
  for (auto at = text.find(open); at != text.npos; at = text.find(open)) {
    rest += text.substr(0, at);
    text.remove_prefix(std::min(text.size(), text.find(close, at) + close.size()));
  }
  return rest.append(text);
}

// A template that says something itself would say it in one language.
TEST(Templates, HaveNoWordsOfTheirOwn) {
  for (const html::WebFile& file : html::web_files()) {
    if (!file.name.starts_with("account_")) continue;
    const std::string words = without(without(file.text, "{{", "}}"), "<", ">");
    EXPECT_EQ(words.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
              std::string::npos)
        << file.name << ": " << words;
  }
}

}  // namespace
}  // namespace latchkey::pages
