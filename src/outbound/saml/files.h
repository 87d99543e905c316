#pragma once

#include <cstddef>
#include <expected>
#include <string>

// Files that the configuration names.
namespace latchkey::outbound::saml {

inline constexpr std::size_t kMostCertificate = std::size_t{64} << 10;

// The error is the end of a sentence that begins with the file's name.
std::expected<std::string, std::string> read_file(const std::string& path, std::size_t most);

}  // namespace latchkey::outbound::saml
