#include "domain/self/self_testing.h"

namespace latchkey::self::testing {

using sessions::testing::run;
using sessions::testing::TestSessions;

Surface::Surface(const Ground& ground, sessions::Sessions& sessions, accounts::Passwords& passwords,
                 const Setup& of)
    : setup(of),
      providers(providers::testing::set_of(setup.providers)),
      limits(setup.limits),
      check(ground, passwords, limits, "example.com", providers),
      login_tokens(ground, setup.login_tokens),
      sign_in(ground, sessions, check, login_tokens, "example.com"),
      auth(ground, sessions, check, limits, {},
           registration::registration_flows(setup.registration, setup.terms)),
      callers(ground, sessions, services, "example.com"),
      browsers(ground, sessions, check, setup.browsers),
      operations({.ground = ground,
                  .sessions = sessions,
                  .auth = auth,
                  .browsers = browsers,
                  .checks = check,
                  .passwords = passwords,
                  .login_tokens = login_tokens,
                  .options = setup.account}),
      overview(ground, sessions),
      login_ways(ground, sessions, passwords, login_tokens, services, providers),
      registration({.ground = ground,
                    .sessions = sessions,
                    .passwords = passwords,
                    .limits = limits,
                    .auth = auth,
                    .services = services,
                    .options = setup.registration,
                    .terms = setup.terms,
                    .server_name = "example.com"}) {}

signin::SignIn::Result SigninOnEachEngine::login(Surface& surface, const std::string& user,
                                                 const std::string& password,
                                                 std::string device_id) {
  return run(surface.sign_in.with_password(0, signin::UserName{user}, password,
                                           device(std::move(device_id))));
}

signin::Caller SigninOnEachEngine::caller(const std::string& access_token) {
  return run(surface_.callers.identify(TestSessions::use(), access_token, {})).value();
}

}  // namespace latchkey::self::testing
