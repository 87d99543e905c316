#include "domain/accounts/audit.h"

namespace latchkey::accounts::audit {
namespace {

enum class EntryId : std::int64_t {};  // known to the table alone

}  // namespace

void note(db::Tx& tx, IdSource& ids, Time now, const Operator& by, std::string_view action,
          std::string_view target, std::string_view detail) {
  while (tx.run("INSERT INTO audit (id, at, actor, address, action, target, detail)"
                " VALUES (:id, :at, :actor, :address, :action, :target, :detail)"
                " ON CONFLICT DO NOTHING",
                ids.next<EntryId>(now), now, by.name, by.address, action, target, detail) == 0) {
  }
}

std::vector<Entry> list(db::Tx& tx, const std::optional<std::string>& target, std::int64_t limit) {
  // By id, which a clock that was set back does not disorder.
  static const std::string select = "SELECT at, actor, address, action, target, detail FROM audit";
  static const std::string all = select + " ORDER BY id DESC LIMIT :limit";
  static const std::string one = select + " WHERE target = :target ORDER BY id DESC LIMIT :limit";
  using Text = std::string;
  std::vector<Entry> entries;
  const auto add = [&](Time at, Text& actor, Text& address, Text& action, Text& whom,
                       Text& detail) {
    entries.push_back({at,
                       {std::move(actor), std::move(address)},
                       std::move(action),
                       std::move(whom),
                       std::move(detail)});
  };
  if (target) {
    tx.each<Time, Text, Text, Text, Text, Text>(one, add, *target, limit);
  } else {
    tx.each<Time, Text, Text, Text, Text, Text>(all, add, limit);
  }
  return entries;
}

std::optional<Entry> last_of(db::Tx& tx, std::string_view target, std::string_view one,
                             std::string_view other) {
  using Text = std::string;
  auto row = tx.one<Time, Text, Text, Text, Text, Text>(
      "SELECT at, actor, address, action, target, detail FROM audit"
      " WHERE target = :target AND action IN (:one, :other) ORDER BY id DESC LIMIT 1",
      target, one, other);
  if (!row) return std::nullopt;
  auto& [at, actor, address, action, whom, detail] = *row;
  return Entry{at,
               {std::move(actor), std::move(address)},
               std::move(action),
               std::move(whom),
               std::move(detail)};
}

}  // namespace latchkey::accounts::audit
