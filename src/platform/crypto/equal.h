#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace latchkey::crypto {

// Whether both hold the same bytes. The time depends on the lengths alone.
bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
bool equal(std::string_view a, std::string_view b);

}  // namespace latchkey::crypto
