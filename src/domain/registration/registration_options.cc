#include "domain/registration/registration_options.h"

#include <fnmatch.h>

#include <algorithm>

namespace latchkey::registration {

bool reserved(std::string_view localpart, const std::vector<std::string>& patterns) {
  const std::string name(localpart);
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

}  // namespace latchkey::registration
