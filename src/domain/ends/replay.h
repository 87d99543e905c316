#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "domain/administration/administration.h"
#include "domain/ends/journal_line.h"
#include "domain/signin/browser_sessions.h"
#include "platform/threads/work_pool.h"

// What the journal of ends says has ended, ended again in a database that was restored from before.
namespace latchkey::ends {

struct ReplayReport {
  // Of each list the first so many are named.
  static constexpr std::size_t kMostListed = 1000;

  struct People {
    std::size_t count = 0;
    std::vector<std::string> names;  // localparts
    void add(std::string name);
  };

  std::size_t lines = 0;
  std::size_t unreadable = 0;  // lines that are none: cut off when a machine lost its power
  std::size_t sessions = 0;
  std::vector<Line> listed;  // of these
  std::size_t browsers = 0;
  People locked;       // to be locked again
  People deactivated;  // to be deactivated again, or erased
  // Who replaced a password in a time that the database lacks: the one from before may be good
  // again. It cannot be told, and nothing is done about it.
  People older_passwords;
  bool applied = false;
};

// It ends what a line ended and what lives now, and nothing else: not a session that has begun
// since on the same device. So it can be done again, with the same files and further ones. Of an
// account's locks and deactivations the newest line counts, in whichever file it stands.
class Replay {
 public:
  template <class T = void>
  using Result = administration::Administration::Result<T>;

  Replay(const Ground& ground, sessions::Sessions& sessions,
         administration::Administration& administration, std::string server_name);

  // `apply`: or only looks what there is to be done. On a thread of its own. The refusal is a
  // sentence (not_done).
  Task<Result<ReplayReport>> run(accounts::Operator by, std::vector<std::string> files, bool apply);
  // The same on this thread.
  Result<ReplayReport> run_now(const accounts::Operator& by, const std::vector<std::string>& files,
                               bool apply);

 private:
  // What the lines say of an account last.
  struct State {
    std::optional<Line> lock;  // or unlock
    std::optional<Line> goes;  // deactivated or reactivated
    bool erased = false;
    std::optional<Time> password;
  };
  using States = std::map<UserId, State>;

  void take_line(const Line& line, States& states, ReplayReport& report, bool apply);
  bool end_session(const Line& line, bool apply);
  bool end_browser(const Line& line, bool apply);
  std::size_t end_everybody(Time before, bool apply);
  void take_states(const accounts::Operator& by, const States& states, ReplayReport& report,
                   bool apply);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  administration::Administration& administration_;
  const std::string server_name_;
  threads::WorkPool thread_;  // last: it uses the rest
};

}  // namespace latchkey::ends
