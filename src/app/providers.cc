#include "app/providers.h"

#include <utility>

#include "endpoints/account_pages/account_pages.h"
#include "outbound/cas/cas_provider.h"
#include "outbound/ldap/ldap_directory.h"
#include "outbound/oidc/oidc_provider.h"
#include "outbound/saml/saml_provider.h"

namespace latchkey::app {

providers::ProviderSet make_providers(const Config& config, const http::PublicUrl& public_url,
                                      const Clock& clock, const telemetry::Log& log,
                                      const KeyOf& key_of) {
  std::vector<providers::Provider> all;
  for (const ConfiguredProvider& configured : config.sign_in.providers) {
    const providers::ProviderOptions& common = configured;
    providers::Provider provider{.options = common,
                                 .templates = providers::templates_of(common),
                                 .browser = nullptr,
                                 .password = nullptr};
    const std::string place = std::string(account_pages::kProviders) + configured.id;
    if (configured.kind == providers::Kind::oidc) {
      provider.browser = std::make_unique<outbound::OidcProvider>(
          outbound::OidcProvider::Parts{.options = configured.oidc,
                                        .callback = public_url.of(place + "/callback"),
                                        .clock = clock,
                                        .log = log});
    }
    if (configured.kind == providers::Kind::cas) {
      provider.browser = std::make_unique<outbound::CasProvider>(
          configured.cas, public_url.of(place + "/callback"), clock);
    }
    if (configured.kind == providers::Kind::saml) {
      provider.browser = std::make_unique<outbound::SamlProvider>(outbound::SamlProvider::Parts{
          .options = configured.saml,
          .metadata = public_url.of(place + "/metadata"),
          .acs = public_url.of(place + "/acs"),
          .logout = public_url.of(place + "/logout"),
          .clock = clock,
          .log = log,
          .key = [key_of, id = configured.id] { return key_of(id); }});
    }
    if (configured.kind == providers::Kind::ldap) {
      provider.password = std::make_unique<outbound::LdapDirectory>(configured.ldap);
    }
    all.push_back(std::move(provider));
  }
  return providers::ProviderSet(std::move(all));
}

}  // namespace latchkey::app
