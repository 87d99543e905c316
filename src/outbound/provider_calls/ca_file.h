#pragma once

#include <optional>
#include <string>

namespace latchkey::outbound {

// What is wrong with the option `ca_file`, the certificates (PEM) by which a provider's server is
// known; absent: nothing, or it is not given. To be seen when the configuration is read, for later
// it keeps everybody out.
std::optional<std::string> problem_of_ca_file(const std::string& path);

}  // namespace latchkey::outbound
