#include "domain/clients/grants.h"

#include <algorithm>
#include <iterator>

namespace latchkey::clients {
namespace {

template <class Take>
std::string listed(std::string_view last, Take take) {
  std::string text;
  const auto left = [&](auto from) { return std::any_of(from, kGrantTypes.end(), take); };
  for (auto it = kGrantTypes.begin(); it != kGrantTypes.end(); ++it) {
    if (!take(*it)) continue;
    if (!text.empty()) text.append(left(std::next(it)) ? ", " : last);
    text.append(it->name);
  }
  return text;
}

}  // namespace

std::optional<Grant> grant_of(std::string_view name) {
  const auto found = std::ranges::find(kGrantTypes, name, &GrantType::name);
  return found == kGrantTypes.end() ? std::nullopt : std::optional(found->grant);
}

std::string grant_names(std::string_view last) {
  return listed(last, [](const GrantType&) { return true; });
}

std::string sign_in_grant_names(std::string_view last) {
  return listed(last, [](const GrantType& type) { return type.signs_in; });
}

}  // namespace latchkey::clients
