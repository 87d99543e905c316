#include "domain/providers/provider_options.h"

#include <algorithm>
#include <boost/json/array.hpp>

namespace latchkey::providers {
namespace {

bool valid_id(std::string_view id) {
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// A member of that name, or else by its path: "realm_access.roles".
const boost::json::value* member(const boost::json::object& claims, std::string_view name) {
  if (const auto* whole = claims.if_contains(name)) return whole;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto* outer = claims.if_contains(name.substr(0, dot));
  if (outer == nullptr || !outer->is_object()) return nullptr;
  return member(outer->get_object(), name.substr(dot + 1));
}

}  // namespace

std::optional<bool> says_administrator(const ProviderOptions& options, const Person& person) {
  if (person.administrator || options.admin_claim.empty()) return person.administrator;
  const auto* claim = member(person.claims, options.admin_claim);
  const auto is_one = [&options](const boost::json::value& value) {
    return value.is_string() && std::ranges::any_of(options.admin_values, [&](const auto& wanted) {
             return std::string_view(value.get_string()) == wanted;
           });
  };
  if (claim == nullptr) return false;
  if (claim->is_array()) return std::ranges::any_of(claim->get_array(), is_one);
  return is_one(*claim);
}

std::vector<std::string> ProviderOptions::common_problems() const {
  std::vector<std::string> problems;
  if (!valid_id(id)) {
    problems.push_back("id: '" + id + "' has other characters than letters, digits, '-' and '_'");
  }
  if (!icon.empty() && !icon.starts_with("mxc://")) {
    problems.push_back("icon: '" + icon + "' is no mxc:// URI, which is what clients show");
  }
  if (admin_claim.empty() != admin_values.empty()) {
    problems.emplace_back("admin_claim: it belongs together with admin_values");
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
