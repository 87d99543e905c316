#include "domain/backup/restore.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "domain/backup/backup.h"
#include "domain/cluster/nodes.h"
#include "domain/ground/id_source.h"
#include "domain/ground/lease.h"
#include "domain/ground/server_name.h"
#include "domain/keys/key_file.h"
#include "domain/schema/schema.h"
#include "domain/sessions/lost_rows.h"
#include "platform/crypto/random.h"
#include "platform/db/copy.h"
#include "platform/db/migration.h"
#include "platform/db/sqlite_swap.h"
#include "platform/text/utf8.h"

namespace latchkey::backup {
namespace {

namespace fs = std::filesystem;

std::optional<Time> heartbeat_of(db::Tx& tx) {
  const auto row = tx.one<Time>("SELECT at FROM heartbeat WHERE id = 1");
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

// A copy of the backup, as it is going to be the database: brought to this program's schema,
// checked against the configuration.
class Prepared {
 public:
  Prepared(const Wanted& wanted, std::string place) : place_(std::move(place)) {
    try {
      db::copy_sqlite_file(wanted.file, place_);
      open(wanted);
    } catch (...) {
      discard();
      throw;
    }
  }
  ~Prepared() {
    if (database_) discard();
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  db::Database& operator*() { return *database_; }

  // What the backup lacks is a gap: the sessions begun since are softly refused. `old`: how far the
  // database was served that is replaced, if that can be told.
  void mark(const Wanted& wanted, std::optional<Time> old, Restored& restored) {
    const Time clock = std::max(wanted.now, old.value_or(wanted.now));
    database_->write_now([&](db::Tx& tx) {
      restored.made_at = sessions::note_gap_and_beat(tx, clock);
      Lease::forget_all(tx);
      cluster::forget_nodes(tx);
      IdSource ids;
      ids.raise(clock);
      accounts::audit::note(tx, ids, wanted.now, wanted.by, "restore", "database",
                            text::valid_utf8(wanted.file) ? wanted.file : "");
    });
    restored.gap_until = std::max(clock, restored.made_at.value_or(clock));
  }

  // Closes it: from now on it is a file at its place, and nothing else.
  void finish() {
    database_.reset();
    fs::remove(place_ + ".lock");
    db::sync_file(place_);
  }

 private:
  void open(const Wanted& wanted) {
    database_ = db::open("sqlite://" + place_);
    const bool ours = database_->read_now([](db::Tx& tx) {
      return tx.one<int>("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'")
          .has_value();
    });
    if (!ours) throw db::Refused(wanted.file + " is no backup of Latchkey");
    db::migrate(*database_, schema::migrations());
    const bool served = database_->read_now(
        [](db::Tx& tx) { return tx.one<int>("SELECT 1 FROM server WHERE id = 1").has_value(); });
    if (!served) throw db::Refused(wanted.file + " is of a database that nobody has ever served");
    claim_server_name(*database_, wanted.server_name);
    if (const auto keys = keys::open_keys(*database_, wanted.key_file, wanted.now); !keys) {
      throw db::Refused(keys.error());
    }
  }
  void discard() {
    database_.reset();
    std::error_code ignored;
    for (const char* part : {"", "-wal", "-shm", ".lock"}) fs::remove(place_ + part, ignored);
  }

  const std::string place_;
  std::unique_ptr<db::Database> database_;
};

// "before-restore-20261130T004500Z"
std::string suffix(Time now) { return "before-restore-" + std::to_string(to_millis(now) / 1000); }

// Whether somebody renews a lease there. A node that ends in order gives it up; one that was killed
// leaves a row that stands still; one that has just started has none yet, but has beaten.
bool is_served(db::Database& database, Time now) {
  const auto holder = [&] {
    return database.read_now([](db::Tx& tx) {
      return tx.one<std::int64_t>("SELECT holder FROM leases WHERE name = 'clearing'");
    });
  };
  const auto first = holder();
  const auto beaten = database.read_now(heartbeat_of);
  const bool lately = beaten && now - *beaten < 2 * sessions::kHeartbeatMargin;
  if (!first && !lately) return false;
  const auto until = std::chrono::steady_clock::now() + 3 * Lease::Times().renewed;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    const auto then = holder();
    if (then && then != first) return true;
  }
  return false;
}

void require_replaceable(db::Database& database, const Wanted& wanted) {
  const bool used = database.read_now(
      [](db::Tx& tx) { return tx.one<int>("SELECT 1 FROM users LIMIT 1").has_value(); });
  if (!used) return;
  claim_server_name(database, wanted.server_name);
  if (!wanted.replace) {
    throw db::Refused(
        "the database holds accounts: with --replace they are replaced by those of the backup. "
        "Make a backup of it first (latchkey backup), nothing is kept of it");
  }
  if (is_served(database, wanted.now)) {
    throw db::Refused("a node serves with this database: stop all of them first");
  }
}

}  // namespace

Restored restore_sqlite(const std::string& database, const Wanted& wanted) {
  const db::SqliteSwap swap(database);
  Prepared backup(wanted, swap.place());
  Restored restored;
  std::optional<Time> old_heartbeat;
  try {
    swap.read_old([&](db::Tx& old) {
      old_heartbeat = heartbeat_of(old);
      (*backup).read_now([&](db::Tx& tx) { restored.revived = compare(old, tx); });
    });
  } catch (const std::exception& fault) {
    restored.revived.reset();
    restored.unreadable = fault.what();
  }
  backup.mark(wanted, old_heartbeat, restored);
  backup.finish();
  restored.before = swap.swap(suffix(wanted.now));
  return restored;
}

Restored restore_postgres(db::Database& database, const Wanted& wanted) {
  db::migrate(database, schema::migrations());
  require_replaceable(database, wanted);
  const std::string place =
      fs::absolute(wanted.file).string() + ".restoring-" + crypto::random_text("0123456789", 8);
  Prepared backup(wanted, place);
  Restored restored;
  const auto old_heartbeat = database.read_now(heartbeat_of);
  backup.mark(wanted, old_heartbeat, restored);
  database.write_now([&](db::Tx& tx) {
    const auto replaced = (*backup).read_now([&](db::Tx& from) { return compare(tx, from); });
    db::copy_to_postgres(*backup, tx);
    restored.revived = old_heartbeat ? std::optional(replaced) : std::nullopt;
  });
  return restored;
}

}  // namespace latchkey::backup
