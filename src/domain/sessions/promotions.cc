#include "domain/sessions/promotions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace latchkey::sessions {

void Promotions::note(SessionId id, Generation generation, Time at) {
  const std::scoped_lock lock(mutex_);
  const auto [found, fresh] = noted_.try_emplace(id, Use{generation, at});
  if (!fresh && found->second.generation < generation) found->second = {generation, at};
}

void Promotions::apply(Record& record) const {
  const std::scoped_lock lock(mutex_);
  for (const Uses* uses : {&being_written_, &noted_}) {
    const auto use = uses->find(record.id);
    if (use == uses->end()) continue;
    const auto& [generation, at] = use->second;
    if (generation == record.issued && generation > record.seen) record.promote(generation, at);
  }
}

void Promotions::flush(db::Database& db, const Announcer& announcer) {
  {
    const std::scoped_lock lock(mutex_);
    if (being_written_.empty()) being_written_ = std::exchange(noted_, {});
    if (being_written_.empty()) return;
  }
  // Only this thread changes being_written_, so it can be read without the lock. In the order of
  // the ids, so that no two nodes wait for each other.
  std::vector<SessionId> ids;
  for (const auto& [id, use] : being_written_) ids.push_back(id);
  std::ranges::sort(ids);
  db.write_now([&](db::Tx& tx) {
    for (const SessionId id : ids) {
      const Use& use = being_written_.at(id);
      tx.later(
          "UPDATE sessions SET previous_issued_at = seen_issued_at,"
          " seen_issued_at = issued_at, seen = issued, seen_at = :at, last_active_at ="
          " CASE WHEN last_active_at < :at THEN :at ELSE last_active_at END"
          " WHERE id = :id AND issued = :generation AND seen < issued",
          use.at, id, use.generation);
    }
    announcer.sessions(tx, ids);
  });
  const std::scoped_lock lock(mutex_);
  being_written_.clear();
}

}  // namespace latchkey::sessions
