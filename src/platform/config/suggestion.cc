#include "platform/config/suggestion.h"

#include <algorithm>
#include <cstddef>

namespace latchkey::config {
namespace {

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> suggest(std::string_view mistyped,
                                   const std::vector<std::string>& names) {
  constexpr std::size_t kLongest = 100;  // the cost is quadratic
  if (mistyped.size() > kLongest) return std::nullopt;
  std::size_t nearest = std::max<std::size_t>(1, mistyped.size() / 3) + 1;
  std::optional<std::string> found;
  for (const auto& name : names) {
    if (const std::size_t far = distance(mistyped, name); far < nearest) {
      nearest = far;
      found = name;
    }
  }
  return found;
}

}  // namespace latchkey::config
