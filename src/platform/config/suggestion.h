#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::config {

// The name of `names` that `mistyped` most likely stands for: the nearest by single letters
// added, left out, replaced or swapped, if it is near.
std::optional<std::string> suggest(std::string_view mistyped,
                                   const std::vector<std::string>& names);

}  // namespace latchkey::config
