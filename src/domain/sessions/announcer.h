#pragma once

#include <string_view>

#include "domain/sessions/changes.h"
#include "platform/db/tx.h"

namespace latchkey::sessions {

// Tells every cache what a transaction changes: this node's before the answer, the other nodes'
// through the database. Call it inside the transaction.
class Announcer {
 public:
  explicit Announcer(Changes& changes) : changes_(changes) {}

  void session(db::Tx& tx, SessionId id) const;
  // All sessions of the account: a lock, a deactivation, the end of many sessions.
  void account(db::Tx& tx, UserId id) const;

  // Every session there is.
  void everything(db::Tx& tx) const;

  // What another node announced.
  void hear(std::string_view payload) const;

 private:
  Changes& changes_;
};

}  // namespace latchkey::sessions
