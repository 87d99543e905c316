#include "domain/homeserver/changes.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "domain/homeserver/homeserver_rows.h"
#include "platform/crypto/hash.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

namespace latchkey::homeserver {
namespace {

namespace json = boost::json;
using outbox::Delivery;

// Stored with the items.
constexpr std::string_view kAccount = "account";
constexpr std::string_view kDisplayName = "display_name";
constexpr std::string_view kDevice = "device";
constexpr std::string_view kSuspension = "suspension";
constexpr std::string_view kReset = "cross_signing_reset";

// Suspending takes other rights at the homeserver than the rest: if they are not to be had, only
// suspensions wait.
constexpr std::string_view kAdministration = "administration";

// A person who has confirmed a reset waits for it; nobody is to be given one much later.
constexpr Duration kResetWaits = std::chrono::minutes{10};

// More than the devices that an account has and remembers, all of which may have to be told.
constexpr std::int64_t kMuch = 1'500;

std::string payload(const std::string& localpart) {
  return json::serialize(json::object{{"localpart", localpart}});
}
std::string payload(const std::string& localpart, const std::string& device_id) {
  return json::serialize(json::object{{"localpart", localpart}, {"device_id", device_id}});
}

// The lane of a name that has no account (yet): no account's id is negative.
UserId nobody_named(const std::string& localpart) {
  const crypto::Digest digest = crypto::sha256(localpart);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < 7; ++i) number = number << 8 | digest[i];
  return UserId{-1 - number};
}

void append(db::Tx& tx, outbox::Outbox& outbox, UserId user, std::string_view kind,
            std::string payload) {
  outbox.append(tx, {.consumer = std::string(kConsumer),
                     .destination = std::string(kind == kSuspension ? kAdministration : ""),
                     .user = user,
                     .kind = std::string(kind),
                     .payload = std::move(payload),
                     .replaces = true});
}

// The same for each event that says whose account has changed.
template <class Event>
void listen_to_account(events::Events& events, outbox::Outbox& outbox, std::string_view kind) {
  events.listen<Event>([&outbox, kind](db::Tx& tx, const Event& event) {
    if (const auto localpart = localpart_of(tx, event.user)) {
      append(tx, outbox, event.user, kind, payload(*localpart));
    }
  });
}

Delivery delivery_of(const Reply<>& reply) {
  if (reply) return Delivery::delivered();
  const Trouble& trouble = reply.error();
  if (trouble.kind == Trouble::Kind::refused) return Delivery::refused(trouble.sentence);
  return Delivery::failed(trouble.sentence, trouble.after);
}

bool unknown_user(const Reply<>& reply) {
  return !reply && reply.error().kind == Trouble::Kind::unknown_user;
}

}  // namespace

void listen(events::Events& events, outbox::Outbox& outbox) {
  listen_to_account<events::AccountCreated>(events, outbox, kAccount);
  events.listen<events::AccountCreated>(
      [](db::Tx& tx, const events::AccountCreated& event) { delete_name(tx, event.localpart); });
  listen_to_account<events::AccountLocked>(events, outbox, kAccount);
  listen_to_account<events::AccountUnlocked>(events, outbox, kAccount);
  listen_to_account<events::AccountDeactivated>(events, outbox, kAccount);
  listen_to_account<events::AccountErased>(events, outbox, kAccount);
  listen_to_account<events::AccountReactivated>(events, outbox, kAccount);
  listen_to_account<events::AddressesChanged>(events, outbox, kAccount);
  listen_to_account<events::DisplayNameChanged>(events, outbox, kDisplayName);
  listen_to_account<events::AccountSuspended>(events, outbox, kSuspension);
  listen_to_account<events::AccountUnsuspended>(events, outbox, kSuspension);
  listen_to_account<events::CrossSigningResetAllowed>(events, outbox, kReset);
  const auto settle = [&outbox](db::Tx& tx, const auto& event) {
    if (const auto localpart = localpart_of(tx, event.user)) {
      settle_device(tx, outbox, *localpart, event.device_id);
    }
  };
  events.listen<events::DeviceRenamed>(settle);
  events.listen<events::DeviceDeleted>(settle);
}

void settle_device(db::Tx& tx, outbox::Outbox& outbox, const std::string& localpart,
                   const std::string& device_id) {
  delete_records_of(tx, localpart, device_id);
  const auto account = account_id(tx, localpart);
  append(tx, outbox, account.value_or(nobody_named(localpart)), kDevice,
         payload(localpart, device_id));
}

void tell_everything(db::Tx& tx, outbox::Outbox& outbox, UserId user,
                     const std::string& localpart) {
  append(tx, outbox, user, kAccount, payload(localpart));
  append(tx, outbox, user, kSuspension, payload(localpart));
}

bool device_waits(db::Tx& tx, const std::string& localpart, const std::string& device_id) {
  const std::string item = payload(localpart, device_id);
  const auto account = account_id(tx, localpart);
  return item_waits(tx, kConsumer, nobody_named(localpart), item) ||
         (account && item_waits(tx, kConsumer, *account, item));
}

bool much_waits(db::Tx& tx, const std::string& localpart) {
  const auto account = account_id(tx, localpart);
  return lane_length(tx, kConsumer, account.value_or(nobody_named(localpart)), kMuch) == kMuch;
}

bool reset_waits(db::Tx& tx, UserId user) { return kind_waits(tx, kConsumer, user, kReset); }

Delivery Deliveries::deliver(const outbox::Item& item, const outbox::AttemptLimits& limits) {
  const auto object = text::parse_object(item.payload);
  if (!object) return Delivery::refused("the item cannot be read");
  text::Fields fields(*object);
  const std::string localpart(fields.required_string("localpart"));
  const CallLimits call{.deadline = limits.deadline, .stop = limits.stop};
  if (item.kind == kAccount) return delivery_of(deliver_account(localpart, call));
  if (item.kind == kDisplayName) return delivery_of(deliver_display_name(localpart, call));
  if (item.kind == kSuspension) return delivery_of(deliver_suspension(localpart, call));
  if (item.kind == kReset) {
    if (clock_.now() - item.created_at > kResetWaits) {
      return Delivery::refused("nobody waits for it any longer");
    }
    return delivery_of(deliver_reset(localpart, call));
  }
  if (item.kind == kDevice) {
    const std::string device_id(fields.required_string("device_id"));
    return delivery_of(deliver_device(localpart, device_id, call));
  }
  return Delivery::refused("the item is of a kind that is not known");
}

Reply<> Deliveries::deliver_account(const std::string& localpart, const CallLimits& limits) {
  const auto facts = db_.read_now([&](db::Tx& tx) { return account_facts(tx, localpart); });
  if (!facts) return {};
  const auto known = homeserver_.find_user(localpart, limits);
  if (!known) return std::unexpected(known.error());
  const bool deactivated_there = *known && (*known)->deactivated;
  if (facts->deactivated) {
    // Of a user it has never seen there is nothing to take away.
    if (!*known || (deactivated_there && !facts->erased)) return {};
    return homeserver_.deactivate_user(localpart, facts->erased, limits);
  }
  if (deactivated_there) {
    if (auto done = homeserver_.reactivate_user(localpart, limits); !done) return done;
  }
  return homeserver_.put_user(facts->person, limits);
}

Reply<> Deliveries::deliver_display_name(const std::string& localpart, const CallLimits& limits) {
  const auto facts = db_.read_now([&](db::Tx& tx) { return account_facts(tx, localpart); });
  if (!facts || facts->deactivated) return {};
  auto done = homeserver_.set_display_name(localpart, facts->person.display_name, limits);
  return unknown_user(done) ? homeserver_.put_user(facts->person, limits) : done;
}

Reply<> Deliveries::deliver_suspension(const std::string& localpart, const CallLimits& limits) {
  const auto facts = db_.read_now([&](db::Tx& tx) { return account_facts(tx, localpart); });
  if (!facts || facts->deactivated) return {};
  const auto known = homeserver_.find_user(localpart, limits);
  if (!known) return std::unexpected(known.error());
  if (!*known) {
    if (auto made = homeserver_.put_user(facts->person, limits); !made) return made;
  }
  const bool there = *known && (*known)->suspended;
  if (there == facts->suspended) return {};
  return homeserver_.set_suspended(localpart, facts->suspended, limits);
}

Reply<> Deliveries::deliver_reset(const std::string& localpart, const CallLimits& limits) {
  const auto facts = db_.read_now([&](db::Tx& tx) { return account_facts(tx, localpart); });
  if (!facts || facts->deactivated) return {};
  auto done = homeserver_.allow_cross_signing_reset(localpart, limits);
  if (!unknown_user(done)) return done;
  if (auto made = homeserver_.put_user(facts->person, limits); !made) return made;
  return homeserver_.allow_cross_signing_reset(localpart, limits);
}

Reply<> Deliveries::deliver_device(const std::string& localpart, const std::string& device_id,
                                   const CallLimits& limits) {
  struct Found {
    std::optional<AccountFacts> facts;
    std::optional<std::string> name;
  };
  const auto [facts, name] = db_.read_now([&](db::Tx& tx) {
    return Found{account_facts(tx, localpart), live_device(tx, localpart, device_id)};
  });
  if (!facts || !name) {
    auto done = homeserver_.delete_device(localpart, device_id, limits);
    return unknown_user(done) ? Reply<>() : done;
  }
  auto done = homeserver_.put_device(localpart, device_id, name, limits);
  if (!unknown_user(done)) return done;
  if (auto made = homeserver_.put_user(facts->person, limits); !made) return made;
  return homeserver_.put_device(localpart, device_id, name, limits);
}

}  // namespace latchkey::homeserver
