#include "app/client_api.h"

namespace latchkey::app {
namespace {

registration::RegistrationOptions registration_options(const Config& config) {
  registration::RegistrationOptions options = config.registration;
  if (config.homeserver.present()) {
    options.reserved_names.push_back(config.homeserver.administrator);
  }
  return options;
}

}  // namespace

ClientApi::ClientApi(Core& core, const http::Router& router)
    : limits_(core.config.rate_limits),
      password_check_(*core.ground, *core.passwords, limits_, core.config.server_name,
                      core.providers),
      login_tokens_(*core.ground, core.config.login_tokens),
      sign_in_(*core.ground, *core.sessions, password_check_, login_tokens_,
               core.config.server_name),
      login_ways_(*core.ground, *core.sessions, *core.passwords, login_tokens_, core.services,
                  core.providers),
      auth_(*core.ground, *core.sessions, password_check_, limits_, core.config.interactive_auth,
            registration::registration_flows(core.config.registration, core.terms)),
      callers_(*core.ground, *core.sessions, core.services, core.config.server_name),
      registration_({.ground = *core.ground,
                     .sessions = *core.sessions,
                     .passwords = *core.passwords,
                     .limits = limits_,
                     .auth = auth_,
                     .services = core.services,
                     .options = registration_options(core.config),
                     .terms = core.terms,
                     .server_name = core.config.server_name,
                     .homeserver = core.provisioning.get()}),
      browsers_(*core.ground, *core.sessions, password_check_, core.config.browser_sessions),
      operations_({.ground = *core.ground,
                   .sessions = *core.sessions,
                   .auth = auth_,
                   .browsers = browsers_,
                   .checks = password_check_,
                   .passwords = *core.passwords,
                   .login_tokens = login_tokens_,
                   .options = core.config.account}),
      overview_(*core.ground, *core.sessions),
      admission_(*core.ground, *core.sessions, auth_, browsers_),
      federation_({.ground = *core.ground,
                   .sessions = *core.sessions,
                   .providers = core.providers,
                   .browsers = browsers_,
                   .passwords = password_check_,
                   .registration = registration_,
                   .auth = auth_,
                   .limits = limits_,
                   .admission = admission_,
                   .server_name = core.config.server_name}),
      moderation_(*core.ground, *core.administration, core.config.server_name),
      pages_(core.config.server_name, core.branding),
      pages{
          pages::Site{.browsers = browsers_,
                      .pages = pages_,
                      .router = router,
                      .server_name = core.config.server_name,
                      .public_url = core.public_url,
                      .clock = core.clock},
          operations_,
          overview_,
          login_tokens_,
          registration_,
          auth_,
          registration::registration_flows(core.config.registration, core.terms).front(),
          core.provisioning.get(),
          core.providers.all().empty() ? nullptr : &federation_,
          core.config.sign_in.providers_first,
      },
      api{.clock = core.clock,
          .sessions = *core.sessions,
          .callers = callers_,
          .sign_in = sign_in_,
          .login_ways = login_ways_,
          .providers = core.providers,
          .login_tokens = login_tokens_,
          .registration = registration_,
          .auth = auth_,
          .operations = operations_,
          .overview = overview_,
          .moderation = moderation_,
          .limits = limits_,
          .pages = pages_,
          .client_name = pages.client_name,
          .server_name = core.config.server_name,
          .public_url = core.public_url,
          .capabilities = core.capabilities.get(),
          .federation = core.providers.all().empty() ? nullptr : &federation_} {
  pages.sign_outs = account_pages::sign_outs_of(pages);
}

void ClientApi::close() {
  password_check_.close();
  federation_.close();
}

void ClientApi::purge(const Batches& batches) {
  auth_.purge(batches);
  login_tokens_.purge(batches);
  browsers_.purge(batches);
  federation_.purge(batches);
  operations_.purge(batches);
}

}  // namespace latchkey::app
