#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

// Behind one URL there may be several servers, one after another: a primary that dies and a standby
// that is promoted, a restored backup, and an old primary that comes back.
namespace latchkey::db {

// What a PostgreSQL server says of itself.
struct ServerIdentity {
  // This run of this server with this database: another after each start, and on each machine.
  std::string run;
  // The cluster of files, which primary and standbys share, and the history it is on: each
  // promotion begins another, with a higher number ("00000002"). Empty: the server does not tell.
  std::string system;
  std::string timeline;
};

// Which servers a node has been on. One for the pool and the listeners of a database.
class ServerHistory {
 public:
  // False: this node has been on a later timeline of the same files, so this is a former primary.
  // It may not know yet that it is none, and take writes that nobody will see again.
  bool admits(const ServerIdentity& identity);

  // Where the newest connection of the pool leads.
  void serves(std::string_view run);
  // Whether that is where `run` is. Notifications are worth nothing from anywhere else.
  bool is_serving(std::string_view run) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> newest_;  // the timeline of each system
  std::string serving_;
};

}  // namespace latchkey::db
