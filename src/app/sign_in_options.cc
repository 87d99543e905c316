#include "app/sign_in_options.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace latchkey::app {

std::vector<std::string> ConfiguredProvider::problems() const {
  std::vector<std::string> problems = common_problems();
  if (kind == providers::Kind::oidc) {
    std::ranges::copy(oidc.problems(), std::back_inserter(problems));
  }
  if (kind == providers::Kind::cas) {
    std::ranges::copy(cas.problems(), std::back_inserter(problems));
  }
  if (kind == providers::Kind::saml) {
    std::ranges::copy(saml.problems(), std::back_inserter(problems));
  }
  if (kind == providers::Kind::ldap) {
    std::ranges::copy(ldap.problems(), std::back_inserter(problems));
  }
  return problems;
}

std::vector<ConfiguredProvider> ConfiguredProvider::kinds() {
  std::vector<ConfiguredProvider> kinds(4);
  kinds[0].kind = providers::Kind::oidc;
  kinds[1].kind = providers::Kind::cas;
  kinds[2].kind = providers::Kind::saml;
  kinds[3].kind = providers::Kind::ldap;
  return kinds;
}

std::vector<std::string> SignInOptions::problems() const {
  std::vector<std::string> problems;
  std::set<std::string> ids;
  for (const ConfiguredProvider& provider : providers) {
    if (ids.insert(provider.id).second) continue;
    problems.push_back("providers: '" + provider.id + "' is there twice");
  }
  return problems;
}

}  // namespace latchkey::app
