#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "domain/sessions/origin.h"
#include "domain/sessions/record.h"
#include "platform/db/database.h"

namespace latchkey::sessions {

// Uses of a session closer together than this are written down once.
constexpr Duration kActivityInterval = std::chrono::minutes{1};

// When, whence and with what each session was last used, on its way to the database in batches.
class Activity {
 public:
  explicit Activity(std::size_t workers);

  // A shard for each worker: no two threads of the server meet on a lock.
  void note(std::size_t worker, SessionId id, Time at, Origin origin);

  // Writes what was noted. On an exception it is kept for the next time.
  void flush(db::Database& db);

 private:
  struct Use {
    Time at;
    Origin origin;
  };
  using Uses = std::unordered_map<SessionId, Use>;
  struct Shard {
    std::mutex mutex;
    Uses uses;
  };

  static void put_back(Shard& shard, Uses& uses);

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace latchkey::sessions
