#include "domain/oauth/back_channel_logout.h"

#include <algorithm>
#include <optional>

#include "domain/oauth/id_token.h"
#include "platform/text/ulid.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;

constexpr std::string_view kLogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

struct Over {
  SessionId session;
  UserId user;
  std::string client;
};

class Telling {
 public:
  Telling(outbox::Outbox& outbox, const std::vector<clients::Client>& clients)
      : outbox_(&outbox), clients_(&clients) {}

  void ended(db::Tx& tx, const events::SessionEnded& event) const {
    const auto row = tx.one<std::string, std::optional<DeviceKey>>(
        "SELECT s.client, s.device FROM openid_sessions o JOIN sessions s ON s.id = o.session"
        " WHERE o.session = :session",
        event.session);
    if (!row) return;
    const auto& [client, device] = *row;
    if (event.how == Ended::softly && device) return;
    tx.run("DELETE FROM openid_sessions WHERE session = :session", event.session);
    tell(tx, {event.session, event.user, client}, "session ended");
  }

  // The sessions go on after an unlock, so they stay noted.
  void locked(db::Tx& tx, const events::AccountLocked& event) const {
    std::vector<Over> all;
    tx.each<SessionId, std::string>(
        "SELECT s.id, s.client FROM sessions s JOIN openid_sessions o ON o.session = s.id"
        " WHERE s.user_id = :user AND s.device IS NULL AND s.ended = 0",
        [&](SessionId session, std::string& client) {
          all.push_back({session, event.user, std::move(client)});
        },
        event.user);
    for (const Over& one : all) tell(tx, one, "account locked");
  }

  void everybody(db::Tx& tx) const {
    std::vector<Over> all;
    tx.each<SessionId, UserId, std::string>(
        "SELECT s.id, s.user_id, s.client FROM openid_sessions o"
        " JOIN sessions s ON s.id = o.session WHERE s.device IS NULL AND s.ended = 1",
        [&](SessionId session, UserId user, std::string& client) {
          all.push_back({session, user, std::move(client)});
        });
    tx.run(
        "DELETE FROM openid_sessions WHERE session IN"
        " (SELECT id FROM sessions WHERE device IS NULL AND ended = 1)");
    for (const Over& one : all) tell(tx, one, "session ended");
  }

 private:
  void tell(db::Tx& tx, const Over& over, std::string kind) const {
    const auto client = std::ranges::find(*clients_, over.client, &clients::Client::id);
    if (client == clients_->end() || client->backchannel_logout_uri.empty()) return;
    outbox_->append(tx, {.consumer = std::string(kLogoutConsumer),
                         .destination = over.client,
                         .user = over.user,
                         .kind = std::move(kind),
                         .payload = text::format_id(over.session)});
  }

  outbox::Outbox* outbox_;
  const std::vector<clients::Client>* clients_;
};

}  // namespace

json::object logout_token_claims(const LogoutFacts& facts, Time now) {
  const std::int64_t seconds = to_millis(now) / 1000;
  return {{"iss", facts.issuer},
          {"sub", public_id(facts.user)},
          {"aud", facts.client_id},
          {"iat", seconds},
          {"exp", seconds + std::chrono::ceil<std::chrono::seconds>(kLogoutTokenLife).count()},
          {"jti", facts.jti},
          {"events", json::object{{kLogoutEvent, json::object()}}},
          {"sid", facts.sid}};
}

void tell_clients(events::Events& events, outbox::Outbox& outbox,
                  const std::vector<clients::Client>& clients) {
  const auto wants = [](const clients::Client& one) { return !one.backchannel_logout_uri.empty(); };
  if (std::ranges::none_of(clients, wants)) return;
  const Telling telling(outbox, clients);
  events.listen<events::SessionEnded>(
      [telling](db::Tx& tx, const events::SessionEnded& event) { telling.ended(tx, event); });
  events.listen<events::AccountLocked>(
      [telling](db::Tx& tx, const events::AccountLocked& event) { telling.locked(tx, event); });
  events.listen<events::EverybodySignedOut>(
      [telling](db::Tx& tx, const events::EverybodySignedOut&) { telling.everybody(tx); });
}

}  // namespace latchkey::oauth
