#include <algorithm>

#include "domain/clients/client.h"
#include "platform/text/accept_language.h"

namespace latchkey::clients {
namespace {

bool same_tag(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// "en" of "en-GB".
bool covers(std::string_view range, std::string_view tag) {
  return tag.size() > range.size() && tag[range.size()] == '-' &&
         same_tag(tag.substr(0, range.size()), range);
}

}  // namespace

// Lookup of RFC 4647 section 3.4, and a text in the dialect of another country before the text in
// no known language.
const std::string& Localized::best(std::string_view accept_language) const {
  const auto find = [this](auto fits) {
    return std::ranges::find_if(languages, [&](const auto& entry) { return fits(entry.first); });
  };
  const auto wanted = latchkey::text::accepted_languages(languages.empty() ? "" : accept_language);
  for (const std::string_view wish : wanted) {
    if (wish == "*") break;
    std::string_view range = wish;
    while (true) {
      const auto exact = find([&](std::string_view tag) { return same_tag(tag, range); });
      if (exact != languages.end()) return exact->second;
      const auto dash = range.rfind('-');
      if (dash == range.npos) break;
      range = range.substr(0, dash);
    }
    const auto dialect = find([&](std::string_view tag) { return covers(range, tag); });
    if (dialect != languages.end()) return dialect->second;
  }
  if (text.empty() && !languages.empty()) return languages.front().second;
  return text;
}

}  // namespace latchkey::clients
