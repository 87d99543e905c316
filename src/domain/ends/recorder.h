#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "domain/ends/journal.h"
#include "domain/ends/journal_line.h"
#include "domain/events/events.h"
#include "platform/time.h"

namespace latchkey::ends {

// Writes into the journal what ends, before the transaction of its cause is committed: an answer
// says that a session has ended only when both the database and the journal have it. When the
// journal cannot be written, nothing has ended, and the answer is 503
// (docs/decisions/0030-a-journal-of-ends.md).
//
// Not what a new sign-in to the same device ends, nor 2^24 refreshes: nobody wanted those to end,
// and a program that signs in at each start would fill the journal.
class Recorder {
 public:
  Recorder(Journal& journal, const Clock& clock) : journal_(journal), clock_(clock) {}

  void listen(events::Events& events);

 private:
  // What one transaction ends: one write to the disk for all of it.
  class Pending;

  void note(db::Tx& tx, Line line);

  Journal& journal_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<const db::Tx*, Pending*> pending_;
};

}  // namespace latchkey::ends
