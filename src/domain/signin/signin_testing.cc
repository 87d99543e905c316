#include "domain/signin/signin_testing.h"

namespace latchkey::signin::testing {

using sessions::testing::run;
using sessions::testing::TestSessions;

Surface::Surface(sessions::Sessions& sessions, accounts::Passwords& passwords, const Setup& of)
    : setup(of),
      limits(setup.limits),
      check(sessions, passwords, limits, "example.com"),
      login_tokens(sessions, setup.login_tokens),
      sign_in(sessions, check, login_tokens, "example.com"),
      auth(sessions, check, limits, {}, registration_flows(setup.registration, setup.terms)),
      callers(sessions, services, "example.com"),
      own_account(sessions, auth, passwords, login_tokens),
      own_devices(sessions),
      browsers(sessions, check, setup.browsers),
      web_account(sessions, browsers, check, passwords),
      login_ways(sessions, passwords, login_tokens, services),
      registration({.sessions = sessions,
                    .passwords = passwords,
                    .limits = limits,
                    .auth = auth,
                    .services = services,
                    .options = setup.registration,
                    .terms = setup.terms,
                    .server_name = "example.com"}) {}

SignIn::Result SigninOnEachEngine::login(Surface& surface, const std::string& user,
                                         const std::string& password, std::string device_id) {
  return run(
      surface.sign_in.with_password(0, UserName{user}, password, device(std::move(device_id))));
}

Caller SigninOnEachEngine::caller(const std::string& access_token) {
  return run(surface_.callers.identify(TestSessions::use(), access_token, {})).value();
}

}  // namespace latchkey::signin::testing
