#include "domain/services/services_testing.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>

namespace latchkey::services::testing {

Files::Files() {
  std::string name = (std::filesystem::temp_directory_path() / "services-XXXXXX").string();
  folder_ = mkdtemp(name.data());
}

Files::~Files() { std::filesystem::remove_all(folder_); }

std::string Files::write(const std::string& name, const std::string& text) {
  std::ofstream(path(name), std::ios::binary) << text;
  return paths_.emplace_back(path(name));
}

std::string Files::token(const std::string& id) { return "token-of-service-" + id; }

std::string Files::add(const std::string& id) {
  return write(id, fmt::format(R"(
id: {0}
url: null
as_token: {1}
hs_token: hs-{1}
sender_localpart: {0}_bot
namespaces:
  users:
  - {{exclusive: true, regex: '@{0}_.*:example\.com'}}
)",
                               id, token(id)));
}

std::expected<Services, std::vector<std::string>> Files::load() const {
  return Services::load(paths_, "example.com");
}

}  // namespace latchkey::services::testing
