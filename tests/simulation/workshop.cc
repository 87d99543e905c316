#include "simulation/workshop.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "domain/accounts/password_scheme.h"
#include "simulation/pretence.h"

namespace latchkey::simulation {

Workshop::Workshop(std::string at) : folder(std::move(at)) {
  seed_random_bytes(1);
  show_time(Moment{0});
  std::filesystem::create_directories(folder);
  keys = R"({"keys":[{"id":1,"created_at":"2027-01-01T00:00:00Z",)"
         R"("secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]})";
  put_keys_back();
  crypto::PasswordHashOptions cheap;
  cheap.hash_memory = config::Bytes{8 * 1024};
  cheap.hash_passes = 1;
  hash = accounts::hash_password(kPassword, cheap.params());
}

Workshop::~Workshop() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string Workshop::key_file(int node) const { return folder + "/keys" + std::to_string(node); }

void Workshop::put_keys_back() {
  for (int node = 0; node < kMostNodes; ++node) {
    if (read_file(key_file(node)) != keys) write_file(key_file(node), keys);
  }
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  ::chmod(path.c_str(), 0600);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace latchkey::simulation
