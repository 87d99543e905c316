#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/outbox/outbox.h"
#include "platform/db/tx.h"

// The SQL of the outbox. No statement looks at more rows than it takes, or one lane has, however
// many wait.
namespace latchkey::outbox {

// Made up anew for each item, so that two are never the same.
enum class Claim : std::int64_t {};
Claim new_claim();

struct Lane {
  std::string consumer;
  std::string destination;
  UserId user{};

  bool operator==(const Lane&) const = default;
};

struct HeldLane {
  Lane lane;
  Claim claim{};
  int attempts = 0;  // at its first item, the one under way included

  bool operator==(const HeldLane&) const = default;
};

// A lane with its first item, which is its holder's to deliver.
struct Work {
  HeldLane held;
  Item item;
};

// Locks the lane until the transaction ends.
void add_item(db::Tx& tx, const NewItem& item, Time now);

enum class Attempts { first, repeated };

// Whether claim_due() would find something.
bool is_due(db::Tx& tx, std::string_view consumer, Attempts which, Time now);
// Claims the lane that has been due for longest and that nobody claims. A claim counts as an
// attempt at once: one that never comes back, since the whole process died of it, has failed too.
std::optional<Work> claim_due(db::Tx& tx, std::string_view consumer, Attempts which, Time now);
std::vector<HeldLane> held_lanes(db::Tx& tx, std::string_view consumer);
// Those of all consumers.
std::vector<HeldLane> all_held_lanes(db::Tx& tx);

enum class Then { go_on, release };

// Each does nothing when the lane is not held so any longer: somebody else has put it off.

// Removes the first item and goes on with the next, or lets others have it; a lane without items
// goes. Absent: there is nothing to go on with.
std::optional<Work> settle(db::Tx& tx, const Work& done, Then then, Time now);
// The attempt has failed, or was left unfinished: to be tried again from then on. Whether the lane
// was still held so.
bool put_off(db::Tx& tx, const HeldLane& failed, Time due_at);
// Lets others have it without an attempt.
void release(db::Tx& tx, const HeldLane& held);

struct Backlog {
  std::int64_t pending = 0;  // counted up to kMostCounted
  std::optional<Time> oldest;
};
constexpr std::int64_t kMostCounted = 10'000;
Backlog measure(db::Tx& tx, std::string_view consumer);

// Whose items lie here.
std::vector<std::string> consumers_with_items(db::Tx& tx);
// And how many of each.
std::map<std::string, Backlog> backlogs(db::Tx& tx);

}  // namespace latchkey::outbox
