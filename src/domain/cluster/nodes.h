#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/ground/ground.h"
#include "platform/db/tx.h"
#include "platform/time.h"

// The nodes that share a database. Each says that it is there, and with what configuration.
namespace latchkey::cluster {

// What all nodes have to agree in: option to value.
using Settings = std::map<std::string, std::string>;

struct Node {
  std::string name;
  unsigned revision = 1;  // of its configuration
  Time started_at;
  Time seen_at;
  Settings settings;
};

// A node that was not seen for so long is taken for gone.
inline constexpr Duration kGoneAfter = std::chrono::minutes{3};

// Why `self` may not join these, a sentence for the operator; absent: it may. Of those that are
// there the one that started last counts: in a cluster that is being changed it has the new
// configuration.
std::optional<std::string> refuse_to_join(const Node& self, std::span<const Node> others, Time now);

std::vector<Node> list_nodes(db::Tx& tx);

// In a database that was put back: none of those it knows runs with it.
void forget_nodes(db::Tx& tx);

// Before the schema changes in a way that nodes of an older version could not go on with: throws
// db::Refused while one of them runs. `applied` is how many migrations the database has.
void refuse_beside_others(db::Tx& tx, const std::string& self, Time now, int applied);

// A node's own row.
class Membership {
 public:
  Membership(const Ground& ground, std::string name, unsigned revision, Settings settings);

  // At start. Throws db::Refused with a sentence.
  void join();
  // Each minute. Warns, once, of a node with a newer configuration.
  void stay();
  // Whether any other node is there.
  bool others_run() const;
  // At an orderly end.
  void leave();

 private:
  void write(db::Tx& tx, Time now) const;

  const Ground& ground_;
  Node self_;
  unsigned warned_of_ = 0;
};

}  // namespace latchkey::cluster
