#include "domain/providers/provider_set.h"

#include <algorithm>

namespace latchkey::providers {

const Provider* ProviderSet::find(std::string_view id) const {
  const auto found = std::ranges::find_if(
      all_, [id](const Provider& provider) { return provider.options.id == id; });
  return found == all_.end() ? nullptr : &*found;
}

bool ProviderSet::sends_browsers() const {
  return std::ranges::any_of(all_,
                             [](const Provider& provider) { return provider.browser != nullptr; });
}

}  // namespace latchkey::providers
