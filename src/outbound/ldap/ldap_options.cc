#include "outbound/ldap/ldap_options.h"

#include <ldap.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "outbound/ldap/ldap_text.h"
#include "outbound/provider_calls/ca_file.h"

namespace latchkey::outbound {
namespace {

using Url = std::unique_ptr<LDAPURLDesc, decltype(&ldap_free_urldesc)>;

std::optional<std::string> problem_of_server(const std::string& server, bool start_tls) {
  LDAPURLDesc* read = nullptr;
  const bool fine = server.find_first_of(" ,\t\r\n") == std::string::npos &&
                    ldap_url_parse(server.c_str(), &read) == LDAP_URL_SUCCESS;
  const Url url(read, &ldap_free_urldesc);
  const auto empty = [](const char* text) { return text == nullptr || *text == '\0'; };
  const bool more = fine && (!empty(url->lud_dn) || url->lud_attrs != nullptr ||
                             url->lud_filter != nullptr || url->lud_exts != nullptr);
  const std::string_view scheme = fine ? url->lud_scheme : "";
  const bool named = fine && url->lud_host != nullptr &&
                     std::string_view(url->lud_host).find('@') == std::string_view::npos;
  const bool port = fine && (scheme == "ldapi" || (url->lud_port > 0 && url->lud_port < 65'536));
  if (!fine || more || !port || !named || empty(url->lud_host) ||
      (scheme != "ldap" && scheme != "ldaps" && scheme != "ldapi")) {
    return "'" + server +
           "' is not the address of a directory, try 'ldaps://ldap.example.org' or "
           "'ldapi://%2Frun%2Fslapd%2Fldapi'";
  }
  if (start_tls && scheme != "ldap") {
    return "'" + server + "' cannot be used with start_tls, which encrypts ldap:// alone";
  }
  return std::nullopt;
}

// The attributes that are an entry's own name (RFC 5020; Active Directory), which changes, and
// which somebody else has one day.
bool names_the_entry(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return name == "dn" || name == "entrydn" || name == "distinguishedname";
}

bool is_attribute(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 100 && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == ';';
         });
}

}  // namespace

std::vector<std::string> LdapOptions::problems() const {
  std::vector<std::string> found;
  const auto add = [&](std::string_view option, const std::optional<std::string>& problem) {
    if (problem) found.push_back(std::string(option) + ": " + *problem);
  };
  for (const std::string& server : servers) add("servers", problem_of_server(server, start_tls));
  if (bind_dn.empty() != bind_password.empty()) {
    found.emplace_back("bind_dn and bind_password belong together");
  }
  if (dn_template.empty()) {
    if (base.empty()) found.emplace_back("base: must be given, try 'ou=people,dc=example,dc=org'");
    add("filter", ldap::problem_of_filter(filter));
    const auto names = ldap::placeholders(filter);
    if (names.empty() || std::ranges::any_of(names, [](const auto& n) { return n != "user"; })) {
      found.emplace_back("filter: it has to hold {{ user }}, and nothing else between {{ and }}");
    }
  } else {
    add("dn_template", ldap::problem_of_dn_template(dn_template));
  }
  if (!base.empty()) add("base", ldap::problem_of_dn(base));
  const auto attribute = [&](std::string_view option, const std::string& name) {
    if (!is_attribute(name)) add(option, "'" + name + "' is not the name of an attribute");
  };
  attribute("subject", subject);
  if (names_the_entry(subject)) {
    add("subject",
        "'" + subject +
            "' changes, and is somebody else's one day, try 'entryUUID' or 'objectGUID'");
  }
  for (const std::string& name : attributes) attribute("attributes", name);
  for (const std::string& group : allowed_groups) add("allowed_groups", ldap::problem_of_dn(group));
  for (const std::string& group : admin_groups) add("admin_groups", ldap::problem_of_dn(group));
  if (!group_filter.empty()) {
    add("group_filter", ldap::problem_of_filter(group_filter));
    if (ldap::placeholders(group_filter).empty()) {
      found.emplace_back("group_filter: it has to say who the person is, try '(member={{ dn }})'");
    }
    if (allowed_groups.empty() && admin_groups.empty()) {
      found.emplace_back("group_filter: says nothing without allowed_groups or admin_groups");
    }
  }
  if (!disabled_filter.empty()) {
    add("disabled_filter", ldap::problem_of_filter(disabled_filter));
    if (!ldap::placeholders(disabled_filter).empty()) {
      found.emplace_back("disabled_filter: may not hold {{ and }}");
    }
  }
  if (auto wrong = problem_of_ca_file(ca_file.value)) found.push_back(*std::move(wrong));
  return found;
}

}  // namespace latchkey::outbound
