#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/sessions/changes.h"
#include "platform/db/database.h"

namespace latchkey::sessions {

// Tells every cache what a transaction changes: this node's before the answer, the other nodes'
// through the database. Call it inside the transaction.
class Announcer {
 public:
  explicit Announcer(Changes& changes);

  void session(db::Tx& tx, SessionId id) const;
  // All sessions of the account: a lock, a deactivation, the end of many sessions.
  void account(db::Tx& tx, UserId id) const;

  // Several sessions in one message.
  void sessions(db::Tx& tx, std::vector<SessionId> ids) const;

  // For a change after which an older token still is what it was for as long as its grace: this
  // node forgets at once, the others are told by flush(), within a second or so. To be called after
  // the commit.
  void session_soon(SessionId id);
  void flush(db::Database& db);

  // Every session there is.
  void everything(db::Tx& tx) const;

  // What another node announced.
  void hear(std::string_view payload) const;

 private:
  void tell_others(db::Tx& tx, std::span<const SessionId> ids) const;
  bool hear_several(std::string_view ids) const;

  Changes& changes_;
  const std::string several_;  // what is announced of several sessions, and by whom
  std::mutex mutex_;
  std::vector<SessionId> soon_;
};

}  // namespace latchkey::sessions
