#include "outbound/saml/files.h"

#include <fstream>

namespace latchkey::outbound::saml {

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected("cannot be read");
  std::string content(most + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return std::unexpected("cannot be read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > most) return std::unexpected("is too long");
  return content;
}

}  // namespace latchkey::outbound::saml
