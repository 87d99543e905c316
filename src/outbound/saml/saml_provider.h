#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/provider_calls/cached.h"
#include "outbound/provider_calls/calls.h"
#include "outbound/saml/logout_message.h"
#include "outbound/saml/metadata.h"
#include "outbound/saml/response.h"
#include "outbound/saml/saml_options.h"
#include "platform/crypto/certificate.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

// A provider that speaks SAML 2.0 (SAML Profiles sections 4.1 and 4.4). In the order of a sign-in:
// what the provider says of itself (metadata.h), what we write (messages.h) and how the browser
// brings it (binding.h), whose signature the answer has (signature.h), what was written to us in
// secret (encryption.h), what it must say (response.h).
namespace latchkey::outbound {

class SamlProvider final : public providers::BrowserProvider {
 public:
  struct Parts {
    SamlOptions options;   // without problems()
    std::string metadata;  // the addresses of this server: of what own_metadata() says,
    std::string acs;       // where people come back to,
    std::string logout;    // and where sign-outs are told
    const Clock& clock;
    telemetry::Log log;
    // The key of this server where the options have none. Waits for the database.
    std::function<crypto::KeyPair()> key;
  };
  explicit SamlProvider(Parts parts);

  providers::Reply<providers::Departure> begin(const providers::Beginning& beginning,
                                               const CallLimits& limits) override;
  providers::Reply<providers::Person> finish(const providers::Returned& returned,
                                             const CallLimits& limits) override;
  std::optional<std::string> state_of(const providers::Fields& fields) const override;
  providers::Reply<providers::LogoutNotice> read_logout(const providers::Fields& fields,
                                                        const CallLimits& limits) override;
  providers::Reply<providers::LogoutNotice> read_logout_in_address(
      std::string_view query, const providers::Fields& fields, const CallLimits& limits) override;
  bool ends_sign_out(const providers::Fields& fields) const override;
  // Asks for the provider's metadata when nobody has needed them yet, for two seconds at most.
  std::optional<providers::Departure> sign_out(const providers::SigningOut& leaving) override;
  providers::Reply<std::vector<std::string>> test(const CallLimits& limits) override;
  std::optional<std::string> own_metadata() override;

 private:
  using MetadataCache = Cached<saml::Metadata>;

  crypto::KeyPair key() const;
  providers::Reply<saml::Metadata> fetch(const CallLimits& limits) const;
  providers::Reply<std::string> fetch_text(const CallLimits& limits) const;
  providers::Reply<MetadataCache::Pointer> metadata(const CallLimits& limits);
  providers::Reply<saml::Statement> read(std::string_view xml, const saml::Expected& expected,
                                         const CallLimits& limits);
  // With the keys that are known; once more with newer ones if none of them has signed it.
  template <class T, class Read>
  providers::Reply<T> with_keys(MetadataCache::Budget& budget, const CallLimits& limits,
                                const Read& read);
  providers::Reply<providers::Person> person_of(const saml::Statement& said) const;
  providers::Reply<std::string> subject_of(const saml::Statement& said) const;
  providers::Departure depart(const saml::Endpoint& to, bool answer, std::string_view parameter,
                              std::string xml, std::string relay_state) const;
  providers::Reply<providers::LogoutNotice> notice_of(const providers::Reply<saml::SignOut>& said,
                                                      std::string_view binding,
                                                      std::string_view relay_state,
                                                      const CallLimits& limits);
  saml::ExpectedSignOut expected_sign_out() const;
  saml::Header header(std::string destination) const;

  const Parts parts_;
  const SamlOptions& options_;
  const std::string entity_id_;  // ours
  const std::optional<crypto::KeyPair> configured_key_;
  const saml::Keys metadata_signers_;
  const Calls calls_;
  MetadataCache metadata_;
  // Guarded by the cache. Strangers may send sign-outs, and only who has been sent away responses.
  MetadataCache::Budget for_sign_ins_;
  MetadataCache::Budget for_sign_outs_;
};

}  // namespace latchkey::outbound
