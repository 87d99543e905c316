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

Reply<LogoutNotice> BrowserProvider::read_logout_in_address(std::string_view /*query*/,
                                                            const Fields& fields,
                                                            const CallLimits& limits) {
  return read_logout(fields, limits);
}

bool BrowserProvider::ends_sign_out(const Fields& /*fields*/) const { return false; }

std::optional<std::string> BrowserProvider::own_metadata() { return std::nullopt; }

}  // namespace latchkey::providers
