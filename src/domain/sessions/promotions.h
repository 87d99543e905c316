#pragma once

#include <mutex>
#include <unordered_map>

#include "domain/sessions/announcer.h"
#include "domain/sessions/record.h"
#include "platform/db/database.h"

namespace latchkey::sessions {

// First uses of handed-out tokens that are not in the database yet. They are written together,
// within a second and at SIGTERM; a crash that loses one keeps an older token alive a little.
class Promotions {
 public:
  void note(SessionId id, Generation generation, Time at);

  // The record as it will be once everything noted is written.
  void apply(Record& record) const;

  // Writes what was noted since the last flush. On an exception it is kept for the next.
  void flush(db::Database& db, const Announcer& announcer);

 private:
  struct Use {
    Generation generation;
    Time at;
  };
  using Uses = std::unordered_map<SessionId, Use>;

  mutable std::mutex mutex_;
  Uses noted_;
  Uses being_written_;  // still applied until they are durable
};

}  // namespace latchkey::sessions
