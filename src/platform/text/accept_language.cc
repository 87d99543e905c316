#include "platform/text/accept_language.h"

#include <algorithm>
#include <ranges>

namespace latchkey::text {
namespace {

constexpr std::size_t kMost = 20;

struct Weighed {
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

Weighed read(std::string_view item) {
  const auto semicolon = item.find(';');
  if (semicolon == item.npos) return {trimmed(item), 1000};
  const std::string_view parameter = trimmed(item.substr(semicolon + 1));
  const bool weighed = parameter.starts_with("q=") || parameter.starts_with("Q=");
  return {trimmed(item.substr(0, semicolon)), weighed ? weight_of(parameter.substr(2)) : 1000};
}

}  // namespace

std::vector<std::string_view> accepted_languages(std::string_view field) {
  std::vector<Weighed> all;
  for (const auto part : std::views::split(field, ',')) {
    const Weighed one = read(std::string_view(part.begin(), part.end()));
    if (!one.range.empty() && one.weight > 0) all.push_back(one);
    if (all.size() == kMost) break;
  }
  // Of the same weight as they stand: the views point into one text.
  std::ranges::sort(all, [](const Weighed& a, const Weighed& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.range.data() < b.range.data();
  });
  std::vector<std::string_view> ranges;
  for (const Weighed& one : all) ranges.push_back(one.range);
  return ranges;
}

}  // namespace latchkey::text
