#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/time.h"

namespace latchkey::outbound {

// What a directory is asked, and how (`kind: ldap`), beside what every provider has.
struct LdapOptions {
  enum class Scope { base, one, subtree };

  std::vector<std::string> servers;
  bool start_tls = false;
  config::Path ca_file;
  std::string bind_dn;
  config::Secret bind_password;
  std::string base;
  Scope scope = Scope::subtree;
  std::string filter = "(uid={{ user }})";
  std::string dn_template;
  std::string subject = "entryUUID";
  std::vector<std::string> attributes{"uid", "cn",   "displayName",    "givenName",
                                      "sn",  "mail", "sAMAccountName", "userPrincipalName"};
  std::vector<std::string> allowed_groups;
  std::vector<std::string> admin_groups;
  std::string group_filter;
  std::string disabled_filter;
  Duration timeout = std::chrono::seconds{5};
  std::size_t max_connections = 16;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("servers", servers,
          "The directory's servers, ldaps://, ldap:// or ldapi://, in the order in which they are "
          "tried; one that has failed is tried last for half a minute.",
          config::required, config::Between{1, 16},
          config::Example{"[\"ldaps://ldap.example.org\"]"});
    visit("start_tls", start_tls, "Whether a connection by ldap:// is encrypted with StartTLS.");
    visit("ca_file", ca_file,
          "The certificate authority that servers' certificates have to be from; if not given, "
          "those that the system trusts.");
    visit("bind_dn", bind_dn,
          "As whom people are searched for. If not given, without signing in; with dn_template, as "
          "the person.",
          config::Example{"cn=latchkey,ou=services,dc=example,dc=org"});
    visit("bind_password", bind_password, "The password of bind_dn.", config::Between{1, 1024});
    visit("base", base, "Below which entry people are.",
          config::Example{"ou=people,dc=example,dc=org"});
    visit("scope", scope, "How far below: base | one | subtree.",
          config::Choices<Scope>{
              {"base", Scope::base}, {"one", Scope::one}, {"subtree", Scope::subtree}});
    visit("filter", filter,
          "Which entry is the person's; {{ user }} is what was typed. It has to find one entry.",
          config::Between{1, 4096});
    visit("dn_template", dn_template,
          "The name of the person's entry, where it follows from what was typed. Then nobody is "
          "searched for, and filter is not used.",
          config::Example{"uid={{ user }},ou=people,dc=example,dc=org"});
    visit("subject", subject,
          "The attribute by which a person is known for ever, whatever they are called. Never "
          "change it: nobody would be found again. objectGUID in Active Directory.",
          config::Between{1, 100});
    visit("attributes", attributes, "What templates can read of a person's entry.",
          config::Between{0, 64});
    visit("allowed_groups", allowed_groups,
          "The groups, by their whole names, one of which people have to be in to sign in; empty: "
          "everybody may.",
          config::Between{0, 64}, config::Example{"[\"cn=matrix,ou=groups,dc=example,dc=org\"]"});
    visit("admin_groups", admin_groups, "The groups whose members are administrators.",
          config::Between{0, 64}, config::Example{"[\"cn=admins,ou=groups,dc=example,dc=org\"]"});
    visit("group_filter", group_filter,
          "Whether a group has the person: a filter that its entry has to match, in which {{ dn }} "
          "is the name of the person's entry and {{ uid }} its attribute uid. If not given, the "
          "person's entry has to say so with memberOf.",
          config::Example{"(member={{ dn }})"});
    visit("disabled_filter", disabled_filter,
          "Which entries are disabled, beside those that Active Directory, 389 Directory Server "
          "and OpenLDAP's password policy have locked for good.",
          config::Example{"(employeeType=former)"});
    visit("timeout", timeout, "How long one server has for a sign-in.",
          config::Between{100ms, 1min});
    visit("max_connections", max_connections,
          "How many connections this server has at once; further sign-ins wait for one.",
          config::Between{1, 1000});
  }

  // Rules between these options, and what cannot be read in them.
  std::vector<std::string> problems() const;
};

}  // namespace latchkey::outbound
