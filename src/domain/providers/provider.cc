#include "domain/providers/provider.h"

namespace latchkey::providers {

std::optional<std::string_view> single(const Fields& fields, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [field, value] : fields) {
    if (field != name) continue;
    if (found) return std::nullopt;
    found = value;
  }
  return found;
}

}  // namespace latchkey::providers
