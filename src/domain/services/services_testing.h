#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "domain/services/services.h"

namespace latchkey::services::testing {

// Registration files in a folder of their own, gone with this object.
class Files {
 public:
  Files();
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  // Returns the path.
  std::string write(const std::string& name, const std::string& text);
  // The registration of a service `id`: its token is token(id), its user `id`_bot, and its users,
  // exclusively, are those whose names begin with `id`_. In a file of that name.
  std::string add(const std::string& id);
  static std::string token(const std::string& id);

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // All files so far, in their order, on the server example.com.
  std::expected<Services, std::vector<std::string>> load() const;

 private:
  std::filesystem::path folder_;
  std::vector<std::string> paths_;
};

}  // namespace latchkey::services::testing
