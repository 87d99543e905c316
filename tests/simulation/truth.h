#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/sessions/policy.h"
#include "simulation/node.h"
#include "simulation/shared_database.h"

namespace latchkey::simulation {

// How far apart the clocks of nodes may be here.
constexpr Duration kSkew = std::chrono::seconds{45};

// What has to hold, whatever happens.
enum class Invariant : std::uint8_t {
  lives,
  stays_ended,
  no_hard_logout,
  one_session,
  memory,
  newest_works,
  old_dies,
  lock_holds,
  durable,
  caused,
  password,
  no_fault,
  goes_on,
};
struct Promise {
  std::string_view name;
  std::string_view sentence;
};
Promise promise(Invariant invariant);

struct Broken {
  Invariant invariant;
  std::string what;
};

// What really happened, beside the server's rules: it sees every commit with its cause, and holds
// every answer against it. What it cannot know for sure it lets pass.
class Truth {
 public:
  struct Setting {
    sessions::Policy policy;
    bool alone = false;  // one node, and no other that could end anything
    bool clocks_are_set = false;
  };
  Truth(const Schedule& schedule, const Setting& setting)
      : schedule_(schedule), setting_(setting) {}

  // --- what happens ---

  void account_made(UserId user, const std::string& hash, const std::string& password);
  void committed(db::Tx& tx, const Cause& cause, std::span<const SharedDatabase::Change> changes);
  // The database is what it was before; `clock` is the earliest one of the nodes.
  void went_back(db::Tx& tx, Time clock);
  // The clocks were set while no node runs: the next that starts marks what is lost by `clock`, the
  // earliest of them, whatever it was when somebody went back.
  void clocks_set(db::Tx& tx, Time clock) { excuse_lost(tx, clock); }
  void arrived(const Node& node, const Call& call);
  void answered(const Node& node, const Call& call, const Answer& answer);
  void failed(const Call& call, const std::string& fault);
  // With everything mended, a client did not get on.
  void stuck(const std::string& what) { breaks(Invariant::goes_on, what); }

  const std::optional<Broken>& broken() const { return broken_; }

  // --- for those who choose what to do next ---

  // Those that the server has, live or not.
  const std::vector<SessionId>& sessions() const { return order_; }

 private:
  struct Known {
    SessionId id{};
    UserId user{};
    std::optional<DeviceKey> device;
    bool refreshes = false;
    // As the database has it.
    bool there = true;
    Ended ended = Ended::live;
    Moment since{0};  // it has ended so, or is gone
    sessions::Generation seen = 0;
    sessions::Generation issued = 0;
    Time seen_at;
    Time issued_at;
    Moment seen_since{0};
    Moment issued_since{0};
    // What it was before somebody went back.
    bool ever_for_good = false;
    Moment ended_until{-1};
    bool went_back = false;
    bool excused = false;
    // The newest generation that anybody has shown.
    sessions::Generation shown = -1;
    Moment used{0};
    // The nodes that have said that it is over.
    std::uint32_t said_by = 0;
  };
  struct Account {
    bool locked = false;
    bool deactivated = false;
    Moment since{0};  // either
    Moment until{-1};
    std::string password;
    Moment password_since{0};
    std::uint32_t said_by = 0;
  };
  struct Row;
  // What a call has done, and found.
  struct Course {
    std::vector<SessionId> ended;
    bool locked = false;
    sessions::Generation seen = 0;
    Time seen_at;
    std::uint64_t epoch = 0;
  };
  using CallKey = std::pair<int, std::uint64_t>;

  void breaks(Invariant invariant, std::string what);
  void take(Known& known, const Row& row);
  void judge_end(const Cause& cause, const Known& before, const Row& row);
  void judge_loss(const Cause& cause, const Known& known);
  void judge_whole(const Cause& cause, std::span<const SessionId> ended, bool password_changed);
  void judge_good(const Node& node, const Call& call, const Answer& answer, const Course& course);
  void judge_memory(const Node& node, const Known& known, const Call& call);
  void judge_hard(const Call& call);
  void judge_soft(const Node& node, const Call& call, const Answer& answer);
  void excuse_lost(db::Tx& tx, Time clock);
  void take_password(Account& account, const std::string& hash);
  Known* find(SessionId id);
  const Account& account(UserId user) { return accounts_[user]; }
  // Since when no token of it may be good; absent: some may.
  std::optional<Moment> over_since(const Known& known);
  bool expired(const Node& node, const Known& known, sessions::Generation generation,
               Duration margin) const;

  const Schedule& schedule_;
  const Setting setting_;
  std::unordered_map<SessionId, Known> known_;
  std::vector<SessionId> order_;
  std::unordered_map<DeviceKey, std::vector<SessionId>> of_device_;
  std::unordered_map<UserId, std::vector<SessionId>> of_user_;
  std::unordered_map<UserId, Account> accounts_;
  std::map<CallKey, Course> courses_;
  std::unordered_map<std::string, std::string> password_of_;  // by its hash
  std::uint64_t epoch_ = 0;                                   // how often somebody went back
  std::optional<Broken> broken_;
};

}  // namespace latchkey::simulation
