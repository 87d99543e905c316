#include "endpoints/pages/device_names.h"

#include <utility>

#include "platform/text/shown.h"

namespace latchkey::pages {
namespace {

struct Mark {
  std::string_view sign;
  std::string_view name;
};

// The first that fits: later ones are named by the earlier too, for old sites' sake.
constexpr Mark kBrowsers[] = {{"Element", "Element"},  {"Edg", "Edge"},       {"OPR/", "Opera"},
                              {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Chrome/", "Chrome"},
                              {"CriOS/", "Chrome"},    {"Safari/", "Safari"}};
constexpr Mark kSystems[] = {{"Android", "Android"}, {"iPhone", "iPhone"},  {"iPad", "iPad"},
                             {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}};

template <std::size_t N>
std::string_view first_of(const Mark (&marks)[N], std::string_view text) {
  for (const Mark& mark : marks) {
    if (text.contains(mark.sign)) return mark.name;
  }
  return {};
}

}  // namespace

Task<std::string> AppNames::of(std::string client) {
  if (client.empty() || !look_up_) co_return "";
  if (const auto known = names_.find(client); known != names_.end()) co_return known->second;
  std::string name = co_await look_up_(client);
  names_.emplace(std::move(client), name);
  co_return name;
}

std::vector<std::string> told_apart(std::span<const Called> all) {
  std::map<std::string_view, int> names;
  for (const Called& one : all) ++names[one.name];
  std::vector<std::string> told;
  std::map<std::string, int> before;
  for (const Called& one : all) {
    std::string text = one.name;
    if (names[one.name] > 1 && !one.details.empty()) text.append(", ").append(one.details);
    const int number = ++before[text];
    if (number > 1) text.append(", ").append(std::to_string(number));
    told.push_back(std::move(text));
  }
  return told;
}

std::string browser_name(const texts::Language& language, std::string_view user_agent) {
  const std::string_view browser = first_of(kBrowsers, user_agent);
  const std::string_view system = first_of(kSystems, user_agent);
  if (browser.empty()) return std::string(system);
  if (system.empty()) return std::string(browser);
  return language.say(texts::OnSystem{.browser = browser, .system = system});
}

std::string device_name(const texts::Language& language, const self::AccountDevice& device,
                        std::string_view app) {
  if (std::string shown = text::shown(device.display_name); !shown.empty()) return shown;
  return app.empty() ? browser_name(language, device.user_agent) : std::string(app);
}

}  // namespace latchkey::pages
