#include "domain/sessions/activity.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/sessions/activity_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/user_agents.h"

namespace latchkey::sessions {
namespace {

// Sessions written in one transaction: it must not hold up the logins behind it.
constexpr std::size_t kBatch = 500;

}  // namespace

Activity::Activity(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) shards_.push_back(std::make_unique<Shard>());
}

void Activity::note(std::size_t worker, SessionId id, Time at, Origin origin) {
  Shard& shard = *shards_[worker % shards_.size()];
  const std::scoped_lock lock(shard.mutex);
  Use& use = shard.uses[id];
  use.at = at;
  // A homeserver that introspects knows neither.
  if (!origin.address.empty()) use.origin = std::move(origin);
}

void Activity::put_back(Shard& shard, Uses& uses) {
  const std::scoped_lock lock(shard.mutex);
  shard.uses.merge(uses);  // what was noted in the meantime is newer and stays
}

void Activity::flush(db::Database& db) {
  for (const auto& shard : shards_) {
    Uses uses;
    {
      const std::scoped_lock lock(shard->mutex);
      uses.swap(shard->uses);
    }
    // In the order of the ids, as all who write several sessions at once: no two wait for each
    // other.
    std::vector<SessionId> ids;
    for (const auto& [id, use] : uses) ids.push_back(id);
    std::ranges::sort(ids);
    for (auto rest = std::span<const SessionId>(ids); !rest.empty();) {
      const auto batch = rest.first(std::min(kBatch, rest.size()));
      try {
        db.write_now([&](db::Tx& tx) {
          // Each text once: the sessions of a minute are of a few apps.
          std::unordered_map<std::string_view, std::optional<std::int64_t>> agents;
          for (const SessionId id : batch) {
            const Use& use = uses.at(id);
            const auto [agent, first] = agents.try_emplace(use.origin.user_agent);
            if (first) agent->second = keep_user_agent(tx, use.origin.user_agent, use.at);
            update_activity(tx, id, use.at, use.origin.address, agent->second);
          }
        });
      } catch (...) {
        put_back(*shard, uses);
        throw;
      }
      for (const SessionId id : batch) uses.erase(id);
      rest = rest.subspan(batch.size());
    }
  }
}

}  // namespace latchkey::sessions
