#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace latchkey::text {

// "1 session", "2 sessions", "0 sessions": a number and an English noun whose plural ends in s.
std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace latchkey::text
