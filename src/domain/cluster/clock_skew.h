#pragma once

#include "domain/cluster/cluster_options.h"
#include "platform/db/database.h"
#include "platform/time.h"

// Nodes write times that the others judge by. What they are compared with is the database's clock,
// which all of them share.
namespace latchkey::cluster {

struct Skew {
  Duration ahead{0};        // of this node before the database; negative: behind
  Duration uncertainty{0};  // half of the round trip in which it was measured

  // How far apart they are at least.
  Duration certain() const;
};

// Of several measurements the one with the shortest round trip. PostgreSQL only.
Skew measure_skew(db::Database& database, const Clock& clock);

enum class SkewVerdict { fine, warned, refused };
SkewVerdict judge_skew(const Skew& skew, const ClusterOptions& options);

// Whether a skew that was not there before is this node's doing. `moved` is by how much its wall
// clock has left its monotonic one since then. Otherwise it was the database's clock, and to stop
// serving would stop every node.
bool own_fault(Duration skew_before, Duration skew_now, Duration moved);

}  // namespace latchkey::cluster
