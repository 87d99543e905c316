#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clients/client.h"
#include "domain/events/events.h"
#include "domain/outbox/outbox.h"

// Clients of the operator that are told when a session of theirs is over (OpenID Connect
// Back-Channel Logout 1.0): the transaction that ends it appends to the outbox, and outbound/logout
// sends a logout token.
//
// Told is each end of a session that was had with the scope openid, whoever ended it and why, and,
// for sessions without a Matrix scope, soft ends and locks of the account: their clients have no
// keys to keep, and let people in by a session of their own that would outlive a lock. A client
// with a Matrix scope learns of those from its tokens, by answers that let it keep its keys. A
// session that merely grows too old has nobody who ended it, and is not told.
namespace latchkey::oauth {

inline constexpr std::string_view kLogoutConsumer = "back-channel logout";  // stored
inline constexpr std::string_view kLogoutTokenType = "logout+jwt";          // typ
// As section 2.4 recommends. A token that is sent again is a new one.
inline constexpr Duration kLogoutTokenLife = std::chrono::minutes{2};

struct LogoutFacts {
  std::string issuer;
  std::string client_id;
  UserId user{};
  std::string sid;  // as in the ID tokens of the session
  std::string jti;
};

boost::json::object logout_token_claims(const LogoutFacts& facts, Time now);

// Wires what appends to the outbox: for each session an item whose destination is the client_id and
// whose payload the `sid`. Of `clients`, which are to outlive `events`, those with a
// backchannel_logout_uri are told.
void tell_clients(events::Events& events, outbox::Outbox& outbox,
                  const std::vector<clients::Client>& clients);

}  // namespace latchkey::oauth
