#include "endpoints/request/server_refusal.h"

#include <chrono>
#include <utility>

#include "domain/homeserver/homeserver.h"
#include "platform/crypto/random.h"
#include "platform/db/database.h"

namespace latchkey::request {
namespace {

// Kept short: the client may have nothing better to do than to wait for it. And not the same for
// all: who was refused together need not come back together.
Duration retry_unavailable() {
  return std::chrono::seconds{1 + static_cast<int>(crypto::random_uint64() % 3)};
}

std::string_view sentence(http::Refusal refusal) {
  switch (refusal) {
    case http::Refusal::bad_request:
      return "The request is not valid HTTP.";
    case http::Refusal::not_found:
      return "There is nothing at this path.";
    case http::Refusal::method_not_allowed:
      return "This path does not know this method.";
    case http::Refusal::timeout:
      return "The request took too long to arrive.";
    case http::Refusal::body_too_large:
      return "The request body is too large.";
    case http::Refusal::headers_too_large:
      return "The request headers are too large.";
    case http::Refusal::fault:
      return "Something went wrong in the server.";
    case http::Refusal::unavailable:
      return "The server cannot answer now. Try again in a moment.";
  }
  std::unreachable();
}

}  // namespace

Fault read_fault(const std::exception_ptr& thrown) {
  if (!thrown) return {};
  try {
    std::rethrow_exception(thrown);
  } catch (const db::Unavailable& away) {
    return {.transient = true, .text = away.what()};
  } catch (const homeserver::Unavailable& away) {
    return {.transient = true, .text = away.what()};
  } catch (const homeserver::Refused& refused) {
    return {.refused = true, .text = refused.what()};
  } catch (const std::exception& exception) {
    return {.text = exception.what()};
  } catch (...) {
    return {.text = "an exception of no known kind"};
  }
}

ServerRefusal server_refusal(http::Refusal refusal, const Fault& fault, bool timeout_is_transient) {
  if (refusal == http::Refusal::fault && fault.refused) {
    return {.status = 400,
            .sentence = "The homeserver does not take this device ID or this user name.",
            .invalid = true};
  }
  if (refusal == http::Refusal::fault && fault.transient) refusal = http::Refusal::unavailable;
  if (refusal == http::Refusal::timeout && timeout_is_transient) {
    refusal = http::Refusal::unavailable;
  }
  const bool unavailable = refusal == http::Refusal::unavailable;
  return {.status = http::status_of(refusal),
          .sentence = sentence(refusal),
          .retry_after = unavailable ? retry_unavailable() : Duration{0}};
}

}  // namespace latchkey::request
