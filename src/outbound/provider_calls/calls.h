#pragma once

#include <string>
#include <string_view>

#include "domain/providers/provider.h"
#include "platform/http_client/http_client.h"
#include "platform/time.h"

// What a provider is asked by this server itself.
namespace latchkey::outbound {

// How long a person who signs out waits for what has to be asked of the provider first.
inline constexpr std::chrono::seconds kSignOutWaits{2};

// Whether it is no answer of the provider's to the question: it cannot just now, or sends us
// elsewhere.
using Answered = providers::Reply<http_client::Answer>;

class Calls {
 public:
  static constexpr std::size_t kMost = 512UL * 1024;  // bytes of an answer

  Calls(Duration timeout, std::string ca_file) : timeout_(timeout), ca_file_(std::move(ca_file)) {}

  // `whom` is the subject of a sentence: "the token_endpoint". Statuses are for the caller to
  // judge, except those that say nothing: 3xx, 429 and 5xx.
  Answered send(http_client::Request request, std::string_view whom,
                const CallLimits& limits) const;

 private:
  Duration timeout_;
  std::string ca_file_;
};

providers::Failure failure(providers::Failure::Why why, std::string_view reason,
                           std::string sentence);

// What a provider says, fit for a log: cut, on one line.
std::string cited(std::string_view said);

}  // namespace latchkey::outbound
