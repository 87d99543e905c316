#include "platform/config/file.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace latchkey::config {
namespace {

std::string why_unreadable(int reason) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such file";
    case EISDIR:
      return "it is a folder";
    case EACCES: {
      const passwd* user = getpwuid(geteuid());
      return fmt::format("this user ({}) may not read it",
                         user != nullptr ? user->pw_name : std::to_string(geteuid()));
    }
    default:
      return std::generic_category().message(reason);
  }
}

}  // namespace

// Not a stream: those do not tell an error from the end of the file.
std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max) {
  const std::unique_ptr<std::FILE, decltype([](std::FILE* open) { std::fclose(open); })> file(
      std::fopen(path.c_str(), "rb"));
  if (!file) return std::unexpected(why_unreadable(errno));
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size =
             std::fread(part.data(), 1, std::min(part.size(), max - text.size()), file.get())) {
    text.append(part.data(), size);
  }
  if (std::ferror(file.get()) != 0) return std::unexpected(why_unreadable(errno));
  return text;
}

}  // namespace latchkey::config
