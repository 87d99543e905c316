#include "platform/text/size.h"

#include <array>
#include <charconv>
#include <limits>

namespace latchkey::text {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<Unit, 5> kUnits = {{{"TiB", std::uint64_t{1} << 40},
                                         {"GiB", std::uint64_t{1} << 30},
                                         {"MiB", std::uint64_t{1} << 20},
                                         {"KiB", std::uint64_t{1} << 10},
                                         {"B", 1}}};
constexpr std::uint64_t kGreatest = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) text = "B";
  for (const auto& [name, bytes] : kUnits) {
    if (name == text && count <= kGreatest / bytes) return count * bytes;
  }
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& unit : kUnits) {
    if (bytes > 0 && bytes % unit.bytes == 0) {
      return std::to_string(bytes / unit.bytes).append(unit.name);
    }
  }
  return "0B";
}

}  // namespace latchkey::text
