#include <algorithm>
#include <charconv>
#include <ranges>

#include "domain/oauth/client.h"

namespace latchkey::oauth {
namespace {

struct Wanted {
  std::string_view range;  // "fr-CA", "*"
  int weight;              // thousandths
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "0.8" -> 800; what is malformed is worth nothing.
int weight_of(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int weight = (text[0] - '0') * 1000;
  int digit = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    weight += (c - '0') * digit;
    digit /= 10;
  }
  return std::min(weight, 1000);
}

// The reader's languages, the dearest first.
std::vector<Wanted> read(std::string_view accept_language) {
  constexpr std::size_t kMost = 20;
  std::vector<Wanted> result;
  for (const auto part : std::views::split(accept_language, ',')) {
    std::string_view item(part.begin(), part.end());
    const auto semicolon = item.find(';');
    int weight = 1000;
    if (semicolon != item.npos) {
      const std::string_view parameter = trimmed(item.substr(semicolon + 1));
      weight = parameter.starts_with("q=") ? weight_of(parameter.substr(2)) : 0;
      item = item.substr(0, semicolon);
    }
    const std::string_view range = trimmed(item);
    if (!range.empty() && weight > 0) result.push_back({range, weight});
    if (result.size() == kMost) break;
  }
  // Of the same weight as they stand: the views point into one text.
  std::ranges::sort(result, [](const Wanted& a, const Wanted& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.range.data() < b.range.data();
  });
  return result;
}

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
  for (const Wanted& wanted : languages.empty() ? std::vector<Wanted>{} : read(accept_language)) {
    if (wanted.range == "*") break;
    std::string_view range = wanted.range;
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

}  // namespace latchkey::oauth
