#include "domain/sessions/changes.h"

namespace latchkey::sessions {
namespace {

// A slot only moves forward: of two racing changes the later number stays.
void raise(std::atomic<Changes::Ticket>& slot, Changes::Ticket to) {
  Changes::Ticket seen = slot.load(std::memory_order_relaxed);
  while (seen < to && !slot.compare_exchange_weak(seen, to, std::memory_order_release,
                                                  std::memory_order_relaxed)) {
  }
}

}  // namespace

// A ticket that already counts this change was taken after it was committed, so its row is new;
// one taken before holds a smaller number and is found stale once the slot is raised.
template <class Id>
void Changes::mark(Slots& slots, Id id) {
  raise(slots[index(id)], count_.fetch_add(1, std::memory_order_acq_rel) + 1);
}

void Changes::session_changed(SessionId id) { mark(sessions_, id); }
void Changes::account_changed(UserId id) { mark(accounts_, id); }

void Changes::everything_changed() {
  raise(all_, count_.fetch_add(1, std::memory_order_acq_rel) + 1);
}

}  // namespace latchkey::sessions
