#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/oidc/metadata.h"
#include "outbound/oidc/oidc_options.h"
#include "outbound/oidc/signed_token.h"
#include "outbound/oidc/token_request.h"
#include "outbound/provider_calls/cached.h"
#include "outbound/provider_calls/calls.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

// A provider that speaks OpenID Connect (Core 1.0, by the code flow), or OAuth 2.0 alone. In the
// order of a sign-in: what the provider says of itself (metadata.h), how the browser goes there and
// comes back (oidc_provider.h), the code for tokens (token_request.h), whose signature they have
// (signed_token.h), what they must say (claims.h).
namespace latchkey::outbound {

class OidcProvider final : public providers::BrowserProvider {
 public:
  struct Parts {
    OidcOptions options;   // without problems()
    std::string callback;  // the address of this server that people come back to
    const Clock& clock;
    telemetry::Log log;
  };
  explicit OidcProvider(Parts parts);

  providers::Reply<providers::Departure> begin(const providers::Beginning& beginning,
                                               const CallLimits& limits) override;
  providers::Reply<providers::Person> finish(const providers::Returned& returned,
                                             const CallLimits& limits) override;
  std::optional<std::string> state_of(const providers::Fields& fields) const override;
  providers::Reply<providers::LogoutNotice> read_logout(const providers::Fields& fields,
                                                        const CallLimits& limits) override;
  // Asks for the provider's metadata when nobody has needed them yet, for two seconds at most.
  std::optional<providers::Departure> sign_out(const providers::SigningOut& leaving) override;
  providers::Reply<std::vector<std::string>> test(const CallLimits& limits) override;

 private:
  using MetadataCache = Cached<oidc::Metadata>;
  using KeyCache = Cached<oidc::KeySet>;

  providers::Reply<oidc::Metadata> fetch_metadata(const CallLimits& limits) const;
  providers::Reply<oidc::KeySet> fetch_keys(const CallLimits& limits);
  // A token that the provider has signed. Keys that are not known are asked for.
  providers::Reply<oidc::Verified> verify(std::string_view token, std::string_view what,
                                          std::initializer_list<std::string_view> types,
                                          KeyCache::Budget& budget, const CallLimits& limits);
  providers::Reply<boost::json::object> ask_userinfo(const oidc::Metadata& metadata,
                                                     const oidc::Tokens& tokens,
                                                     const CallLimits& limits);
  providers::Reply<boost::json::object> read_userinfo(const http_client::Answer& answer,
                                                      const CallLimits& limits);
  providers::Reply<boost::json::object> read_id_token(const oidc::Tokens& tokens,
                                                      std::string_view nonce,
                                                      const providers::Returned& returned,
                                                      const CallLimits& limits);
  providers::Reply<providers::LogoutNotice> read_front_channel(
      const providers::Fields& fields) const;

  const Parts parts_;
  const OidcOptions& options_;
  const std::vector<jose::Algorithm> algorithms_;
  const Calls calls_;
  MetadataCache metadata_;
  KeyCache keys_;
  // Guarded by the cache of the keys. Strangers may send logout tokens, and only the provider ID
  // tokens.
  KeyCache::Budget for_sign_ins_;
  KeyCache::Budget for_sign_outs_;
};

}  // namespace latchkey::outbound
