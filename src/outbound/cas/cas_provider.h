#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/cas/cas_options.h"
#include "outbound/cas/cas_xml.h"
#include "platform/http_client/http_client.h"

// The Central Authentication Service, protocol 2 and 3: a browser is sent to its login page and
// comes back with a ticket, and the server is asked whose it is. The state of the sign-in is in the
// address to come back to, which the server holds the ticket against, so a ticket of somebody
// else's sign-in is good for nothing here.
namespace latchkey::outbound {

class CasProvider final : public providers::BrowserProvider {
 public:
  using Send = std::function<std::expected<http_client::Answer, http_client::Failure>(
      const http_client::Request&)>;

  // `callback`: where browsers come back to.
  CasProvider(CasOptions options, std::string callback, const Clock& clock,
              Send send = http_client::send);

  providers::Reply<providers::Departure> begin(const providers::Beginning& beginning,
                                               const CallLimits& limits) override;
  providers::Reply<providers::Person> finish(const providers::Returned& returned,
                                             const CallLimits& limits) override;
  std::optional<std::string> state_of(const providers::Fields& fields) const override;
  // Nothing is signed: it counts because who sends it knows the ticket, which nobody but the server
  // and we have seen. So it never names a person.
  providers::Reply<providers::LogoutNotice> read_logout(const providers::Fields& fields,
                                                        const CallLimits& limits) override;
  std::optional<providers::Departure> sign_out(const providers::SigningOut& leaving) override;
  providers::Reply<std::vector<std::string>> test(const CallLimits& limits) override;

 private:
  std::string service(std::string_view state) const;
  providers::Reply<cas::Answer> validate(const std::string& service, const std::string& ticket,
                                         bool again, const CallLimits& limits) const;
  static providers::Failure meaning_of(const cas::Refusal& refusal, bool again);
  static providers::Reply<providers::Person> person_of(const cas::Success& success,
                                                       const providers::Returned& returned);

  const CasOptions options_;
  const std::string url_;  // without a slash at its end
  const std::string callback_;
  const Clock& clock_;
  const Send send_;
};

}  // namespace latchkey::outbound
