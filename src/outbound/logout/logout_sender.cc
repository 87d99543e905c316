#include "outbound/logout/logout_sender.h"

#include <algorithm>
#include <utility>

#include "domain/oauth/back_channel_logout.h"
#include "platform/crypto/random.h"

namespace latchkey::outbound {
namespace {

using namespace std::chrono_literals;
using outbox::Delivery;
using Failed = http_client::Failure::Kind;

constexpr auto kPatience = 5s;  // of one attempt
constexpr auto kSilence = 10s;  // after one that has used it up
constexpr std::size_t kMostOfAnAnswer =
    4096;  // of the answer, which says nothing beyond its status

}  // namespace

Delivery delivery_of(const std::expected<http_client::Answer, http_client::Failure>& reply) {
  if (!reply) return Delivery::failed(reply.error().sentence);
  const std::string said = "the client answered " + std::to_string(reply->status);
  if (reply->status >= 200 && reply->status < 300) return Delivery::delivered();
  if (reply->status == 400) return Delivery::refused(said);
  return Delivery::failed(said, reply->retry_after);
}

std::string_view LogoutSender::name() const { return oauth::kLogoutConsumer; }

// A new one for each attempt: one that waits for its client would have expired, and a client that
// has noted its jti before it failed would refuse it.
std::string LogoutSender::token(const clients::Client& client, const outbox::Item& item) const {
  const bool es256 = client.id_token_signed_response_alg == "ES256";
  const Time now = parts_.clock.now();
  const auto claims =
      oauth::logout_token_claims({.issuer = parts_.issuer,
                                  .client_id = client.id,
                                  .user = item.user,
                                  .sid = item.payload,
                                  .jti = crypto::random_text(crypto::kUpperCase, 26)},
                                 now);
  return parts_.keys.current_now()->sign(es256 ? jose::Algorithm::es256 : jose::Algorithm::rs256,
                                         claims, now, oauth::kLogoutTokenType);
}

Delivery LogoutSender::deliver(const outbox::Item& item, const outbox::AttemptLimits& limits) {
  const auto client = std::ranges::find(parts_.clients, item.destination, &clients::Client::id);
  if (client == parts_.clients.end() || client->backchannel_logout_uri.empty()) {
    return Delivery::refused("the client is no longer configured to be told");
  }
  {
    const std::scoped_lock lock(mutex_);
    const auto silent = silent_.find(client->id);
    if (silent != silent_.end() && Steady::now() < silent->second) {
      return Delivery::failed("the client did not answer a moment ago");
    }
  }
  // What this takes is not the client's silence.
  std::string body = "logout_token=" + token(*client, item);
  const auto reply =
      http_client::send({.url = client->backchannel_logout_uri,
                         .content_type = "application/x-www-form-urlencoded",
                         .body = std::move(body),
                         .most_bytes = kMostOfAnAnswer,
                         .deadline = std::min(limits.deadline, Steady::now() + kPatience),
                         .stop = limits.stop});
  const std::scoped_lock lock(mutex_);
  if (!reply && reply.error().kind == Failed::timed_out) {
    silent_[client->id] = Steady::now() + kSilence;
  } else {
    silent_.erase(client->id);
  }
  return delivery_of(reply);
}

}  // namespace latchkey::outbound
