#include "platform/text/counted.h"

#include <fmt/format.h>

namespace latchkey::text {

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace latchkey::text
