#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Addresses of a provider.
namespace latchkey::outbound {

enum class Query : std::uint8_t { no, may };

// Whether it is an absolute address of http or https: with a host, without a fragment and without a
// user's name in it.
bool is_address(std::string_view text, Query query);
// Whether it leads to this very machine.
bool is_loopback(std::string_view address);

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string as_form(const Parameters& parameters);
// Behind those that the address has already.
std::string with_query(std::string address, const Parameters& parameters);

}  // namespace latchkey::outbound
