// Why somebody does not get on with a provider: what becomes of its own part, and what the log
// says.

#include <utility>

#include "domain/federation/federation.h"

namespace latchkey::federation {
namespace {

using Why = Refused::Why;

// As what the log has it where nothing says more.
std::string_view word_of(Why why) {
  switch (why) {
    case Why::unknown_provider:
      return "unknown_provider";
    case Why::unavailable:
      return "unavailable";
    case Why::misconfigured:
      return "misconfigured";
    case Why::too_many:
      return "too_many";
    case Why::busy:
      return "busy";
    case Why::way_over:
      return "way_over";
    case Why::denied:
      return "denied";
    case Why::not_fresh:
      return "not_fresh";
    case Why::not_believed:
      return "not_believed";
    case Why::signed_out:
      return "signed_out";
    case Why::confirmation_over:
      return "confirmation_over";
    case Why::no_account:
      return "no_account";
    case Why::name_taken:
      return "name_taken";
    case Why::linked_elsewhere:
      return "linked_elsewhere";
    case Why::another_person:
      return "another_person";
    case Why::locked:
      return "locked";
    case Why::deactivated:
      return "deactivated";
    case Why::last_way_in:
      return "last_way_in";
    case Why::question:
      return "question";
  }
  return "";
}

// What the operator may have to do something about.
bool is_theirs(Why why) {
  return why == Why::unavailable || why == Why::misconfigured || why == Why::not_believed;
}

}  // namespace

Refused Federation::refusal(const Way& way, Why why, std::string_view reason) {
  const bool passes = why == Why::busy || why == Why::unavailable;
  return {.why = why,
          .retry_after = passes ? kBusyFor : Duration{0},
          .provider = way.provider != nullptr ? way.provider->options.name : "",
          .next = way.next(),
          .purpose = way.attempt.purpose,
          .provider_id = way.attempt.provider,
          .reason = reason};
}

Refused Federation::refusal(const Way& way, const providers::Failure& failure) {
  Refused refused = refusal(way, providers_part(failure.why), failure.reason);
  refused.detail = failure.sentence;
  return refused;
}

Refused::Why Federation::providers_part(providers::Failure::Why why) {
  switch (why) {
    case providers::Failure::Why::unavailable:
      return Refused::Why::unavailable;
    case providers::Failure::Why::denied:
    case providers::Failure::Why::wrong_credentials:
      return Refused::Why::denied;
    case providers::Failure::Why::not_fresh:
      return Refused::Why::not_fresh;
    case providers::Failure::Why::misconfigured:
      return Refused::Why::misconfigured;
    case providers::Failure::Why::not_believed:
      break;
  }
  return Refused::Why::not_believed;
}

void Federation::note_refusal(const Refused& refused, std::string_view request,
                              std::string_view address) {
  if (!refusals_.take()) return;
  const auto write = [&](auto line) {
    (parts_.ground.log.*line)(
        "nobody was signed in by an identity provider",
        {{"provider", refused.provider_id},
         {"reason", refused.reason.empty() ? word_of(refused.why) : refused.reason},
         {"detail", refused.detail},
         {"request", request},
         {"address", address}});
  };
  if (is_theirs(refused.why)) {
    write(&telemetry::Log::warning);
  } else {
    write(&telemetry::Log::info);
  }
}

}  // namespace latchkey::federation
