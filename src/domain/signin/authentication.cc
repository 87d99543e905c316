#include "domain/signin/authentication.h"

namespace latchkey::signin {

AuthMethods offered_methods(const accounts::Passwords& passwords) {
  return passwords.enabled() ? AuthMethods{AuthMethod::password} : AuthMethods{};
}

AuthMethods account_methods(const accounts::User& user) {
  return user.password_hash ? AuthMethods{AuthMethod::password} : AuthMethods{};
}

bool is_fresh(const Authentication& last, Limit within, Time now) {
  return !sessions::passed(last.at, within, now);
}

}  // namespace latchkey::signin
