#include "app/preflight.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "app/operator_name.h"
#include "domain/keys/key_file.h"

namespace latchkey::app {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kSqliteMagic = "SQLite format 3";

std::string may_not(std::string_view what, const std::string& path) {
  return fmt::format("this user ({}) may not {} '{}'", user_of_this_process(), what, path);
}

// What is wrong with the folder in which a file is to be made.
std::optional<std::string> problem_of_folder(const std::string& file) {
  const std::string folder = std::filesystem::absolute(file).parent_path().string();
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno == EACCES) return may_not("look into the folders above", folder);
    return fmt::format("the folder '{}' is not there; make it: mkdir -p '{}'", folder, folder);
  }
  if (!S_ISDIR(info.st_mode)) return fmt::format("'{}' is not a folder", folder);
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return may_not("make files in the folder", folder);
}

std::optional<std::string> problem_of_database(const std::string& file) {
  if (auto wrong = problem_of_folder(file)) return wrong;
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;  // it will be made
  if (S_ISDIR(info.st_mode)) return fmt::format("'{}' is a folder, not a file", file);
  if (::access(file.c_str(), R_OK | W_OK) != 0) return may_not("read and write", file);
  std::array<char, kSqliteMagic.size()> begin{};
  std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
  if (info.st_size == 0 || std::string_view(begin.data(), begin.size()) == kSqliteMagic) {
    return std::nullopt;
  }
  return fmt::format("'{}' is not an SQLite database", file);
}

std::optional<std::string> problem_of_socket(const std::string& path) {
  if (auto wrong = problem_of_folder(path)) return wrong;
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || S_ISSOCK(info.st_mode)) return std::nullopt;
  return fmt::format("'{}' is there and is not a socket", path);
}

// Collects what is wrong, each with its option.
class Check {
 public:
  void add(std::string_view option, const std::optional<std::string>& wrong) {
    if (wrong) errors_.push_back(fmt::format("{}: {}", option, *wrong));
  }
  template <class T>
  void add(const std::expected<T, config::Errors>& loaded) {
    if (!loaded) errors_.insert(errors_.end(), loaded.error().begin(), loaded.error().end());
  }
  void sockets(std::string_view option, const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) {
      if (address.starts_with(kUnix)) add(option, problem_of_socket(address.substr(kUnix.size())));
    }
  }
  config::Errors errors() && { return std::move(errors_); }

 private:
  config::Errors errors_;
};

}  // namespace

config::Errors refused_by_serve(const Config& config) {
  Check check;
  check.sockets("listen", config.listen);
  check.sockets("metrics.listen", config.metrics.listen);
  if (const auto file = config.sqlite_file()) check.add("database", problem_of_database(*file));
  check.add("keys_file", keys::problem_of_file(config.keys_path()));
  if (const auto path = config.socket_path(); !path.empty()) {
    check.add("command_socket", problem_of_socket(path));
  }
  if (const auto& journal = config.sessions.ends_journal; !journal.empty()) {
    check.add("sessions.ends_journal", problem_of_folder(journal.value));
  }
  check.add(config.load_services());
  check.add(config.load_terms());
  check.add(config.load_clients());
  check.add(config.load_branding());
  return std::move(check).errors();
}

config::Errors warnings_of(const Config& config) {
  config::Errors warnings;
  if (const auto services = config.load_services()) {
    for (const std::string& warning : services->warnings()) {
      warnings.push_back("application_services: " + warning);
    }
  }
  if (const auto clients = config.load_clients()) {
    for (const std::string& warning : clients::warnings_of(*clients)) {
      warnings.push_back("oauth.clients_file: " + warning);
    }
  }
  return warnings;
}

}  // namespace latchkey::app
