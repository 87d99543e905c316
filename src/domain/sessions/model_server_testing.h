#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "domain/ground/id_source.h"
#include "domain/sessions/promotions.h"
#include "domain/sessions/refresh.h"

// A server in memory, for the model test: the real rules (judge, judge_lost, decide_refresh,
// moved_forward, Promotions, IdSource) over rows that are values, several nodes with caches, and
// all that befalls a database. What surrounds the rules is done in the order of check_token.cc,
// refresh_session.cc, sign_out.cc, start_session.cc and lost_rows.cc; their own tests run them
// against the engines.
namespace latchkey::sessions::testing {

struct ModelDatabase {
  struct Gap {
    Time from;
    Time to;
  };
  std::map<SessionId, Record> rows;
  std::optional<Time> heartbeat;
  std::vector<Gap> gaps;
  Account account;
};

class ModelServer {
 public:
  struct Answer {
    Standing standing;
    Generation generation = 0;  // handed out by a refresh
  };
  // A first use that a crash lost before it was written.
  using Forgotten = std::vector<std::pair<SessionId, Generation>>;

  ModelServer(Policy policy, std::size_t nodes, Time start);

  // --- time ---
  Time now() const { return true_time + clock_error; }
  Time true_time;
  Duration clock_error{0};
  // What housekeeping does as time goes by: writes first uses each second, beats each minute.
  void keep_house();

  // --- requests, to one of the nodes ---
  Standing access(std::size_t node, SessionId id, Generation generation);
  Answer refresh(std::size_t node, SessionId id, Generation generation);
  // Absent: refused (the account is locked).
  std::optional<SessionId> login(DeviceKey device);
  // False: refused.
  bool logout(std::size_t node, SessionId id, Generation generation);

  // --- administration ---
  void end_device(DeviceKey device);
  void end_all_softly();
  void lock(bool locked);
  void purge();

  // --- faults ---
  Forgotten crash();     // all nodes at once, and a start
  void restart();        // an orderly one
  void forget_caches();  // what was announced has reached every node
  ModelDatabase backup() const { return db_; }
  Forgotten restore(const ModelDatabase& backup);  // while stopped
  void fail_over(const ModelDatabase& standby);    // while running: nodes reconnect

  const Record* row(SessionId id) const;
  const std::map<SessionId, Record>& rows() const { return db_.rows; }
  bool locked() const { return db_.account.locked_at.has_value(); }

 private:
  struct Remembered {
    std::optional<Time> until;
    Time judged_at;
  };
  struct Node {
    std::unique_ptr<Promotions> promotions = std::make_unique<Promotions>();
    std::map<SessionId, std::pair<Generation, Time>> noted;  // the same, to be written
    std::map<std::pair<SessionId, Generation>, Remembered> cache;

    void forget(SessionId id);
  };

  Question question(const Record& record, Generation generation) const;
  std::optional<Record> read(const Node& node, SessionId id) const;
  Standing judge_absence(SessionId id) const;
  Standing lost(SessionId id);
  void note_use(Node& node, const Record& record, Generation generation);
  void write_first_uses(Node& node);
  void note_gap();
  void beat();
  void add_gap(Time from, Time to);
  bool in_gap(Time born) const;
  void end(Record& record, Ended how, EndReason why);
  Forgotten start();

  const Policy policy_;
  ModelDatabase db_;
  std::vector<Node> nodes_;
  std::unique_ptr<IdSource> ids_;
  Time last_beat_;
};

}  // namespace latchkey::sessions::testing
