#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey::text {

// "512", "512B", "64KiB", "1MiB", "2GiB" in bytes. nullopt for anything else or past 2^63 - 1.
std::optional<std::uint64_t> parse_size(std::string_view text);

// With the largest unit that leaves a whole number: "64KiB"; "1000B".
std::string format_size(std::uint64_t bytes);

}  // namespace latchkey::text
