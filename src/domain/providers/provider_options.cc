#include "domain/providers/provider_options.h"

#include <algorithm>

namespace latchkey::providers {
namespace {

bool valid_id(std::string_view id) {
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

std::vector<std::string> ProviderOptions::common_problems() const {
  std::vector<std::string> problems;
  if (!valid_id(id)) {
    problems.push_back("id: '" + id + "' has other characters than letters, digits, '-' and '_'");
  }
  if (!icon.empty() && !icon.starts_with("mxc://")) {
    problems.push_back("icon: '" + icon + "' is no mxc:// URI, which is what clients show");
  }
  if (!password_url.empty() && !password_url.starts_with("https://") &&
      !password_url.starts_with("http://")) {
    problems.push_back("password_url: '" + password_url +
                       "' is no address that people can open, try 'https://password.example.org/'");
  }
  const std::pair<std::string_view, const std::string*> templates[] = {
      {"localpart", &localpart}, {"display_name", &display_name}, {"email", &email}};
  for (const auto& [option, text] : templates) {
    if (const auto parsed = ClaimsTemplate::parse(*text); !parsed) {
      problems.push_back(std::string(option) + ": '" + *text + "' " + parsed.error());
    }
  }
  return problems;
}

Templates templates_of(const ProviderOptions& options) {
  return {.localpart = ClaimsTemplate::parse(options.localpart).value(),
          .display_name = ClaimsTemplate::parse(options.display_name).value(),
          .email = ClaimsTemplate::parse(options.email).value()};
}

}  // namespace latchkey::providers
