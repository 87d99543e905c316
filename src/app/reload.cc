#include "app/reload.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include "platform/config/config.h"

namespace latchkey::app {
namespace {

constexpr std::string_view kLogLevel = "log.level";

}  // namespace

NamedFiles read_named_files(const Config& config) {
  NamedFiles files;
  const auto add = [&files](const std::string& option, const config::Path& path) {
    if (path.empty()) return;
    std::ifstream in(path.value, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    files[option] = files[option] * 31 + std::hash<std::string>{}(content);
  };
  for (const config::Path& path : config.application_services) add("application_services", path);
  add("registration.terms_file", config.registration.terms_file);
  add("oauth.clients_file", config.oauth.clients_file);
  add("branding.logo", config.branding.logo);
  add("branding.favicon", config.branding.favicon);
  return files;
}

Reread compare(const Config& running, const NamedFiles& running_files, const Config& found,
               const NamedFiles& found_files) {
  Reread result;
  for (std::string& path : config::differences(running, found)) {
    if (path == kLogLevel) {
      result.log_level = true;
    } else {
      result.need_a_restart.push_back(std::move(path));
    }
  }
  for (const auto& [option, content] : found_files) {
    const auto before = running_files.find(option);
    const bool same = before != running_files.end() && before->second == content;
    if (!same && std::ranges::find(result.need_a_restart, option) == result.need_a_restart.end()) {
      result.need_a_restart.push_back(option);
    }
  }
  return result;
}

}  // namespace latchkey::app
