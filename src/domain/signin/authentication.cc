#include "domain/signin/authentication.h"

namespace latchkey::signin {
namespace {

// A password of a directory is given where one of this server's is.
AuthMethod method_of(const providers::Provider& provider) {
  return provider.browser != nullptr ? AuthMethod::provider : AuthMethod::password;
}

}  // namespace

AuthMethods offered_methods(const accounts::Passwords& passwords,
                            const providers::ProviderSet& providers) {
  AuthMethods methods;
  if (passwords.enabled()) methods.add(AuthMethod::password);
  for (const providers::Provider& provider : providers.all()) methods.add(method_of(provider));
  return methods;
}

AuthMethods account_methods(const accounts::User& user, const std::vector<providers::Link>& links,
                            const accounts::Passwords& passwords,
                            const providers::ProviderSet& providers) {
  AuthMethods methods;
  if (user.password_hash && passwords.enabled()) methods.add(AuthMethod::password);
  for (const providers::Link& link : links) {
    const auto* provider = providers.find(link.provider);
    if (provider != nullptr) methods.add(method_of(*provider));
  }
  return methods;
}

bool is_fresh(const Authentication& last, Limit within, Time now) {
  return !sessions::passed(last.at, within, now);
}

}  // namespace latchkey::signin
