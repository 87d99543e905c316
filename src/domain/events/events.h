#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "domain/events/session_end.h"
#include "domain/identifiers.h"
#include "platform/db/tx.h"

// What happens to accounts, devices, sessions and browsers, told to the rooms that have to act on
// it. The room that does a thing tells it, inside its transaction; it knows no listener. A
// listener does its part in the same transaction: it deletes what its own room keeps (codes,
// confirmations), or appends to the outbox what has to leave this server. So one cannot happen
// without the other, and a listener that throws takes everything back.
//
//   sessions, accounts ── tell(tx, DeviceDeleted{…}) ──► signin, oauth: their own tables
//                                                   └──► a homeserver, mail: outbox.append(tx, …)
//
// Listeners are wired once, in app/, and hear an event in the order in which they were wired. What
// they are told has been written already; a listener may tell what it does in turn (a browser that
// ends). Checking a token tells nobody anything.
namespace latchkey::events {

// --- accounts ---

struct AccountCreated {
  UserId user;
  std::string localpart;
};
struct AccountLocked {
  UserId user;
};
struct AccountUnlocked {
  UserId user;
};
struct AccountSuspended {
  UserId user;
};
struct AccountUnsuspended {
  UserId user;
};
struct AdministratorChanged {
  UserId user;
  bool admin;
};
// Its sessions have ended before, each told.
struct AccountDeactivated {
  UserId user;
};
// With the deactivation, or later.
struct AccountErased {
  UserId user;
};
struct AccountReactivated {
  UserId user;
};
// What a person is called on the account pages; absent: nothing.
struct DisplayNameChanged {
  UserId user;
  std::optional<std::string> name;
};
// The e-mail addresses and phone numbers. A deactivation, which takes all, tells itself alone.
struct AddressesChanged {
  UserId user;
};
// Somebody of an identity provider is no longer the account's. An erasure, which takes all, tells
// itself alone.
struct LinkRemoved {
  UserId user;
};
// The person wants to replace the keys of their encryption identity at the homeserver (MSC4312).
struct CrossSigningResetAllowed {
  UserId user;
};

enum class PasswordChange {
  by_its_person,
  recovered,  // with a recovery link
  by_administrator,
  taken_away,  // by an erasure or a reactivation: there is none now
};
// Whatever the password before it has let in or confirmed is void, except that browser; what that
// one has begun to give and nobody has taken yet is void too.
struct PasswordReplaced {
  UserId user;
  PasswordChange why;
  std::optional<BrowserSessionId> kept;
};

// --- devices ---

struct DeviceAdded {
  UserId user;
  DeviceKey device;
  std::string device_id;
  std::optional<std::string> display_name;
};
struct DeviceRenamed {
  UserId user;
  DeviceKey device;
  std::string device_id;
  std::string display_name;
};
// Its sessions have ended before, each told.
struct DeviceDeleted {
  UserId user;
  DeviceKey device;
  std::string device_id;
  EndReason why;
};

// --- sessions ---

struct SessionStarted {
  UserId user;
  SessionId session;
  std::optional<DeviceKey> device;
};
struct SessionEnded {
  UserId user;
  SessionId session;
  Ended how;
  EndReason why;
};
// The person is to be signed out of every browser too, except that one. What it has begun to give
// and nobody has taken yet is void all the same: somebody else may be waiting with it.
struct SignedOutEverywhere {
  UserId user;
  EndReason why;
  std::optional<BrowserSessionId> kept;
};
// Every session of everybody, softly and at once: none is told by itself.
struct EverybodySignedOut {
  EndReason why;
};

// --- browsers that are signed in to the account pages ---

struct BrowserStarted {
  UserId user;
  BrowserSessionId browser;
};
struct BrowserEnded {
  UserId user;
  BrowserSessionId browser;
};

// All of them, by whom they are about: for who has to think of each.
using AccountEvents =
    std::tuple<AccountCreated, AccountLocked, AccountUnlocked, AccountSuspended, AccountUnsuspended,
               AdministratorChanged, AccountDeactivated, AccountErased, AccountReactivated,
               DisplayNameChanged, AddressesChanged, LinkRemoved, CrossSigningResetAllowed,
               PasswordReplaced>;
using DeviceEvents = std::tuple<DeviceAdded, DeviceRenamed, DeviceDeleted>;
using SessionEvents =
    std::tuple<SessionStarted, SessionEnded, SignedOutEverywhere, EverybodySignedOut>;
using BrowserEvents = std::tuple<BrowserStarted, BrowserEnded>;
using AllEvents =
    decltype(std::tuple_cat(std::declval<AccountEvents>(), std::declval<DeviceEvents>(),
                            std::declval<SessionEvents>(), std::declval<BrowserEvents>()));

// Who listens to what. Built once; from then on handed around as a const reference.
class Events {
 public:
  template <class Event>
  using Listener = std::function<void(db::Tx&, const Event&)>;

  template <class Event>
  void listen(Listener<Event> listener) {
    std::get<List<Event>>(lists_).push_back(std::move(listener));
  }

  // For who would spare what nobody asks for.
  template <class Event>
  bool heard() const {
    return !std::get<List<Event>>(lists_).empty();
  }

  template <class Event>
  void tell(db::Tx& tx, const Event& event) const {
    for (const Listener<Event>& listener : std::get<List<Event>>(lists_)) listener(tx, event);
  }

 private:
  template <class Event>
  using List = std::vector<Listener<Event>>;
  template <class Tuple>
  struct ListsOf;
  template <class... All>
  struct ListsOf<std::tuple<All...>> {
    using Type = std::tuple<List<All>...>;
  };

  ListsOf<AllEvents>::Type lists_;
};

}  // namespace latchkey::events
