#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ground/id_source.h"
#include "platform/db/tx.h"

namespace latchkey::accounts {

// Who acts on accounts that are not their own, and whence.
struct Operator {
  std::string name;     // "command line (alice)", or a Matrix ID
  std::string address;  // "local", or the client's
};

}  // namespace latchkey::accounts

// What administrators did. Kept for ever; nothing here is a password or a token.
namespace latchkey::accounts::audit {

struct Entry {
  Time at;
  Operator by;
  std::string action;  // as the command is called: "user lock"
  std::string target;  // the Matrix ID of whom it concerns, or what
  std::string detail;
};

// In the transaction of what was done, so that the one is not without the other.
void note(db::Tx& tx, IdSource& ids, Time now, const Operator& by, std::string_view action,
          std::string_view target, std::string_view detail);

// The newest first; of one target, if one is given.
std::vector<Entry> list(db::Tx& tx, const std::optional<std::string>& target, std::int64_t limit);

// The newest of a target's that is one of these two actions.
std::optional<Entry> last_of(db::Tx& tx, std::string_view target, std::string_view one,
                             std::string_view other);

}  // namespace latchkey::accounts::audit
