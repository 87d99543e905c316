#include "outbound/provider_calls/ca_file.h"

#include <cstddef>

#include "platform/config/file.h"
#include "platform/crypto/certificate.h"

namespace latchkey::outbound {
namespace {

constexpr std::size_t kMost = std::size_t{4} << 20;  // those of a whole system are 250 KB

}  // namespace

std::optional<std::string> problem_of_ca_file(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto pem = config::read_file(path, kMost);
  if (!pem) return "ca_file: cannot read '" + path + "': " + pem.error();
  if (!crypto::certificate_in_pem(*pem)) {
    return "ca_file: '" + path + "' has no certificate (PEM)";
  }
  return std::nullopt;
}

}  // namespace latchkey::outbound
