#pragma once

#include <optional>

#include "domain/sessions/standing.h"
#include "platform/db/tx.h"

// What is left of sessions that later sign-ins to their device have long taken over. Their tokens
// are refused softly for as long as the device is there, but a program that signs in at each of its
// starts must not leave a row for each. So the oldest ones of a device are folded into its row: how
// early the first began, and how late the last. A session's id holds the low bits of its device's
// key, so a token whose row is gone leads to the device that it must have been of.
namespace latchkey::sessions {

// So many of those that were taken over last keep their rows: with them a client that finds itself
// softly signed out can still sign out for good.
constexpr std::size_t kKeptSoftSessions = 8;

// At each sign-in to the device, whose account is locked. Bounded, however many there are.
void fold_taken_over(db::Tx& tx, DeviceKey device);

// The account whose device a session without a row was folded into, unless that was deleted.
std::optional<Account> folded_into(db::Tx& tx, SessionId id);

}  // namespace latchkey::sessions
