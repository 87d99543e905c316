#include "domain/cluster/nodes.h"

#include <algorithm>
#include <cstdint>
#include <ranges>

namespace latchkey::cluster {
namespace {

constexpr int kFirstMigration = 16;  // that made the table

// A line for each; neither a path of an option nor a value as it is shown holds a line's end.
std::string in_lines(const Settings& settings) {
  std::string lines;
  for (const auto& [option, value] : settings) {
    lines.append(option).append("=").append(value).append("\n");
  }
  return lines;
}

Settings from_lines(std::string_view lines) {
  Settings settings;
  for (const auto part : std::views::split(lines, '\n')) {
    const std::string_view line(part);
    const auto equals = line.find('=');
    if (equals != line.npos) settings.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return settings;
}

// The options that both have, with other values: a newer version may have others.
std::string differing(const Settings& mine, const Settings& theirs) {
  std::string names;
  for (const auto& [option, value] : mine) {
    const auto other = theirs.find(option);
    if (other == theirs.end() || other->second == value) continue;
    names.append(names.empty() ? "" : ", ").append(option);
  }
  return names;
}

}  // namespace

std::optional<std::string> refuse_to_join(const Node& self, std::span<const Node> others,
                                          Time now) {
  const Node* last = nullptr;
  for (const Node& other : others) {
    if (other.name == self.name || now - other.seen_at > kGoneAfter) continue;
    if (last == nullptr || other.started_at > last->started_at) last = &other;
  }
  if (last == nullptr || self.revision > last->revision) return std::nullopt;
  if (self.revision < last->revision) {
    return "the node '" + last->name + "' has a newer configuration: its cluster.revision is " +
           std::to_string(last->revision) + ", and here it is " + std::to_string(self.revision) +
           "; take its configuration over";
  }
  const std::string names = differing(self.settings, last->settings);
  if (names.empty()) return std::nullopt;
  return "the node '" + last->name + "' runs with another configuration, in: " + names +
         ". All nodes need the same; to change it on one after the other, raise cluster.revision "
         "in the new one (here it is " +
         std::to_string(self.revision) + ")";
}

std::vector<Node> list_nodes(db::Tx& tx) {
  std::vector<Node> nodes;
  tx.each<std::string, std::int64_t, Time, Time, std::string>(
      "SELECT name, revision, started_at, seen_at, settings FROM nodes ORDER BY name",
      [&](std::string name, std::int64_t revision, Time started_at, Time seen_at,
          const std::string& settings) {
        nodes.push_back({.name = std::move(name),
                         .revision = static_cast<unsigned>(revision),
                         .started_at = started_at,
                         .seen_at = seen_at,
                         .settings = from_lines(settings)});
      });
  return nodes;
}

void forget_nodes(db::Tx& tx) { tx.run("DELETE FROM nodes"); }

void refuse_beside_others(db::Tx& tx, const std::string& self, Time now, int applied) {
  if (applied < kFirstMigration) return;  // nobody could say that they are there
  std::string names;
  for (const Node& node : list_nodes(tx)) {
    if (node.name == self || now - node.seen_at > kGoneAfter) continue;
    names.append(names.empty() ? "'" : ", '").append(node.name).append("'");
  }
  if (names.empty()) return;
  throw db::Refused(
      "this version changes the database in a way that running nodes of the older version could "
      "not go on with: stop them first (" +
      names + ")");
}

Membership::Membership(const Ground& ground, std::string name, unsigned revision, Settings settings)
    : ground_(ground),
      self_{.name = std::move(name),
            .revision = revision,
            .started_at = ground.clock.now(),
            .seen_at = ground.clock.now(),
            .settings = std::move(settings)} {}

void Membership::write(db::Tx& tx, Time now) const {
  tx.run(
      "INSERT INTO nodes (name, revision, started_at, seen_at, settings)"
      " VALUES (:name, :revision, :started_at, :seen_at, :settings)"
      " ON CONFLICT (name) DO UPDATE SET revision = excluded.revision,"
      " started_at = excluded.started_at, seen_at = excluded.seen_at, settings = excluded.settings",
      self_.name, std::int64_t{self_.revision}, self_.started_at, now, in_lines(self_.settings));
}

void Membership::join() {
  const auto refused = ground_.db.write_now([&](db::Tx& tx) -> std::optional<std::string> {
    const Time now = ground_.clock.now();
    // Of two that start at once the second has to see the first.
    if (ground_.db.dialect() == db::Dialect::postgresql) {
      tx.script("SELECT pg_advisory_xact_lock(7310593858020254332)");
    }
    // Names of machines that come and go, as containers do, are not kept for ever.
    tx.run("DELETE FROM nodes WHERE seen_at < :before", now - kGoneAfter);
    auto refusal = refuse_to_join(self_, list_nodes(tx), now);
    if (!refusal) write(tx, now);
    return refusal;
  });
  if (refused) throw db::Refused(*refused);
}

void Membership::stay() {
  const auto nodes = ground_.db.write_now([&](db::Tx& tx) {
    write(tx, ground_.clock.now());
    return list_nodes(tx);
  });
  const auto newest = std::ranges::max_element(nodes, {}, &Node::revision);
  if (newest == nodes.end() || newest->revision <= std::max(self_.revision, warned_of_)) return;
  warned_of_ = newest->revision;
  ground_.log.warning(
      "another node has a newer configuration: take it over here",
      {{"node", newest->name}, {"revision", newest->revision}, {"here", self_.revision}});
}

bool Membership::others_run() const {
  const auto nodes = ground_.db.read_now([](db::Tx& tx) { return list_nodes(tx); });
  return std::ranges::any_of(nodes, [&, now = ground_.clock.now()](const Node& node) {
    return node.name != self_.name && now - node.seen_at <= kGoneAfter;
  });
}

void Membership::leave() {
  ground_.db.write_now(
      [&](db::Tx& tx) { tx.run("DELETE FROM nodes WHERE name = :name", self_.name); });
}

}  // namespace latchkey::cluster
