#pragma once

#include <string>
#include <vector>

#include "domain/providers/provider_options.h"
#include "outbound/cas/cas_options.h"
#include "outbound/ldap/ldap_options.h"
#include "outbound/oidc/oidc_options.h"
#include "outbound/saml/saml_options.h"
#include "platform/config/attributes.h"

namespace latchkey::app {

// An entry of `sign_in.providers`: what every provider has, and what its kind has.
struct ConfiguredProvider : providers::ProviderOptions {
  outbound::OidcOptions oidc;
  outbound::CasOptions cas;
  outbound::SamlOptions saml;
  outbound::LdapOptions ldap;

  // For the texts about the options.
  static std::vector<ConfiguredProvider> kinds();

  template <class Visitor>
  void options(Visitor& visit) {
    common_options(visit);
    if (kind == providers::Kind::oidc) oidc.options(visit);
    if (kind == providers::Kind::cas) cas.options(visit);
    if (kind == providers::Kind::saml) saml.options(visit);
    if (kind == providers::Kind::ldap) {
      ldap.options(visit);
      directory_options(visit);
    }
  }
  std::vector<std::string> problems() const;
};

// The options of `sign_in:`.
struct SignInOptions {
  bool passwords = true;
  bool providers_first = false;
  std::vector<ConfiguredProvider> providers;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("passwords", passwords,
          "Whether people sign in with passwords of this server. If not, nobody can but those whom "
          "a provider leads in; passwords.enabled: false means the same.");
    visit("providers_first", providers_first,
          "Whether the page shows the providers before the form for passwords.");
    visit.list("providers", providers,
               "Identity providers: others who know people already. Each entry has the options "
               "that all have, and those of its kind.");
  }
  std::vector<std::string> problems() const;
};

}  // namespace latchkey::app
