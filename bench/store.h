#pragma once

#include <memory>
#include <string>

#include "domain/sessions/sessions.h"
#include "platform/db/database.h"

// The domain over a database of the bench's own, without a server.
namespace latchkey::bench {

class Store {
 public:
  // Opens or makes DIRECTORY/latchkey.db and its key file. `clock`: another than the machine's.
  explicit Store(const std::string& directory, const Clock* clock = nullptr);
  ~Store();

  db::Database& db() { return *db_; }
  const Ground& ground() const { return ground_; }
  sessions::Sessions& sessions() { return *sessions_; }
  Time now() const { return clock_.now(); }

 private:
  const SystemClock system_clock_;
  const Clock& clock_;
  events::Events events_;
  telemetry::Registry metrics_{1};
  std::unique_ptr<db::Database> db_;
  IdSource ids_;
  const Ground ground_;
  std::unique_ptr<sessions::Sessions> sessions_;
};

// What every session of the bench has: names of 20 bytes, one of 16 user agents of 80.
std::string user_name(std::size_t number);
sessions::NewSession session_wanted(std::size_t number);

}  // namespace latchkey::bench
