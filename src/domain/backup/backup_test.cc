#include "domain/backup/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "domain/accounts/accounts_testing.h"
#include "domain/backup/restore.h"
#include "domain/ground/lease.h"
#include "domain/ground/server_name.h"
#include "domain/schema/schema.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/upkeep_testing.h"
#include "platform/db/copy.h"
#include "platform/db/migration.h"

namespace latchkey::backup {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::testing::TestSessions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

// All rows of all tables but the lists of migrations, by JSON.
std::vector<std::string> rows_of(db::Database& database) {
  db::TestDatabase scratch(db::Dialect::sqlite);
  db::migrate(*scratch, schema::migrations());
  const auto tables = scratch->read_now(db::list_tables);
  std::vector<std::string> rows;
  database.read_now([&](db::Tx& tx) {
    for (const db::Table& table : tables) {
      std::string columns;
      for (const std::string& column : table.columns) {
        columns += (columns.empty() ? "" : " || '|' || ") + std::string("COALESCE(CAST(") + column +
                   " AS TEXT), '~')";
      }
      for (auto& [row] : tx.all<std::string>("SELECT " + columns + " FROM " + table.name)) {
        rows.push_back(table.name + ": " + row);
      }
    }
  });
  std::ranges::sort(rows);
  return rows;
}

// A server with some people, on either engine.
class BackupTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  BackupTest() { claim_server_name(server_.db(), "example.com"); }

  static std::string at(const db::TestDatabase& database, const std::string& name) {
    return (database.file().parent_path() / name).string();
  }
  std::string folder() const { return fs::path(server_.key_file()).parent_path(); }
  std::string back_up() {
    const std::string file = folder() + "/backup.db";
    make_backup(server_.db(), file);
    return file;
  }
  Wanted wanted(const std::string& file, bool replace = false) {
    return {.file = file,
            .server_name = "example.com",
            .key_file = server_.key_file(),
            .by = kOperator,
            .now = server_.clock.now(),
            .replace = replace};
  }
  // Of every kind of text, and more than travels at once.
  void add_people() {
    for (int i = 0; i < 1203; ++i) {
      server_.sql(
          "INSERT INTO users (id, localpart, display_name, created_at)"
          " VALUES (:id, :name, :display, :now)",
          std::int64_t{i + 10}, "person" + std::to_string(i),
          "\"Zoë\" \\ 你好 <&>\t\n😀 #" + std::to_string(i), server_.clock.now());
    }
  }
  std::vector<std::string> left_over() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) {
      const std::string name = entry.path().filename();
      if (name.contains(".part-") || name.contains(".restor")) names.push_back(name);
    }
    return names;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, BackupTest, db::engines(), db::engine_name);

TEST_P(BackupTest, HoldsEverythingAndIsPutBackIntoEitherEngine) {
  add_people();
  server_.sign_in(server_.add_user("alice"), TestSessions::refreshing("PHONE"));
  ASSERT_TRUE(administration_.create_user(kOperator, "bob", "correct horse", false));
  const auto before = rows_of(server_.db());
  const std::string file = back_up();
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_THAT(left_over(), IsEmpty());

  db::TestDatabase postgres(db::Dialect::postgresql);
  const auto into_postgres = restore_postgres(*postgres, wanted(file));
  EXPECT_FALSE(into_postgres.revived) << "it was empty";

  db::TestDatabase sqlite(db::Dialect::sqlite);
  const auto into_sqlite = restore_sqlite(sqlite.file(), wanted(file));
  EXPECT_FALSE(into_sqlite.before);
  EXPECT_EQ(into_sqlite.made_at, into_postgres.made_at);

  const auto here = rows_of(*sqlite);
  EXPECT_EQ(here.size(), before.size() + 2) << "a gap, and a line of the audit";
  EXPECT_EQ(std::ranges::count_if(here, [](auto& row) { return row.starts_with("users:"); }), 1205);
  for (const std::string& row : before) {
    if (row.starts_with("heartbeat:")) continue;
    EXPECT_TRUE(std::ranges::binary_search(here, row)) << row;
  }
  // Whichever way it took; but for the random numbers of the audit.
  const auto same = [](std::vector<std::string> rows) {
    std::erase_if(rows, [](auto& row) { return row.starts_with("audit:"); });
    return rows;
  };
  EXPECT_EQ(same(here), same(rows_of(*postgres)));
  EXPECT_THAT(left_over(), IsEmpty());
  // What no row shows: from here on new rows are seen by the triggers again.
  const auto count = [](db::Database& restored, std::string_view sql) {
    return restored.read_now([&](db::Tx& tx) { return std::get<0>(*tx.one<std::int64_t>(sql)); });
  };
  EXPECT_EQ(count(*sqlite, "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'trigger'"), 1);
  EXPECT_EQ(count(*postgres,
                  "SELECT COUNT(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"),
            1);
}

TEST_P(BackupTest, MarksWhatIsMissingSinceItWasMade) {
  const auto alice = server_.add_user();
  const std::string file = back_up();
  server_.clock.advance(3h);
  const Time lost = server_.clock.now();
  server_.clock.advance(1h);
  db::TestDatabase sqlite(db::Dialect::sqlite);
  restore_sqlite(sqlite.file(), wanted(file));
  EXPECT_TRUE(sqlite->read_now([&](db::Tx& tx) { return sessions::in_gap(tx, lost); }));
}

TEST_P(BackupTest, SaysWhatItBringsBack) {
  const auto alice = server_.add_user("alice");
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto tablet = server_.sign_in(alice, TestSessions::refreshing("TABLET"));
  const auto watch = server_.sign_in(alice, TestSessions::refreshing("WATCH"));
  const auto early = server_.sign_in(alice, TestSessions::refreshing("EARLY"));
  ASSERT_TRUE(server_.sign_out(early.access()));
  for (const char* name : {"bob", "carol", "dave"}) {
    ASSERT_TRUE(administration_.create_user(kOperator, name, "correct horse", false));
  }
  const std::string file = back_up();
  server_.clock.advance(1h);
  // So long ago that nothing is left of it.
  ASSERT_TRUE(server_.sign_out(watch.access()));
  sessions::testing::serve(server_, 24h * 365);
  server_->purge(Batches());
  ASSERT_FALSE(server_.has_row(watch.id()));
  ASSERT_TRUE(server_.sign_out(phone.access()));
  ASSERT_TRUE(administration_.set_password(kOperator, "bob", "battery staple"));
  ASSERT_TRUE(administration_.lock(kOperator, "carol"));
  ASSERT_TRUE(administration_.deactivate(kOperator, "dave", false));
  ASSERT_TRUE(administration_.create_user(kOperator, "erin", "correct horse", false));
  // The database as it is now, in the place where the backup goes.
  const std::string now = folder() + "/now.db";
  make_backup(server_.db(), now);
  std::optional<Revived> revived;
  db::TestDatabase place(GetParam());
  if (GetParam() == db::Dialect::sqlite) {
    restore_sqlite(place.file(), wanted(now));
    const auto restored = restore_sqlite(place.file(), wanted(file));
    ASSERT_TRUE(restored.before);
    EXPECT_TRUE(fs::exists(*restored.before));
    revived = restored.revived;
  } else {
    restore_postgres(*place, wanted(now));
    EXPECT_THAT([&] { restore_postgres(*place, wanted(file)); },
                ThrowsMessage<db::Refused>(HasSubstr("--replace")));
    revived = restore_postgres(*place, wanted(file, true)).revived;
  }
  ASSERT_TRUE(revived);
  EXPECT_EQ(revived->sessions, 2U);
  ASSERT_EQ(revived->listed.size(), 2U);
  EXPECT_EQ(revived->listed[0].id, phone.id());
  EXPECT_EQ(revived->listed[0].user, "alice");
  EXPECT_EQ(revived->listed[0].device_id, "PHONE");
  EXPECT_EQ(revived->listed[0].how, Ended::for_good);
  EXPECT_EQ(revived->listed[1].id, watch.id());
  EXPECT_EQ(revived->listed[1].device_id, "WATCH");
  EXPECT_FALSE(revived->listed[1].how) << "cleared away";
  EXPECT_THAT(revived->older_passwords.names, ElementsAre("bob"));
  EXPECT_THAT(revived->unlocked.names, ElementsAre("carol"));
  EXPECT_THAT(revived->reactivated.names, ElementsAre("dave"));
  EXPECT_THAT(revived->missing.names, ElementsAre("erin"));
}

TEST_P(BackupTest, IsNotWrittenOverAFile) {
  const std::string file = folder() + "/backup.db";
  std::ofstream(file) << "the last good backup";
  EXPECT_THAT([&] { make_backup(server_.db(), file); },
              ThrowsMessage<db::Refused>(HasSubstr("there already")));
  EXPECT_EQ(fs::file_size(file), 20U);
  EXPECT_THROW(make_backup(server_.db(), folder() + "/no folder/backup.db"), std::exception);
  EXPECT_THAT(left_over(), IsEmpty());
}

TEST_P(BackupTest, ThatIsNoneIsRefusedAndNothingChanges) {
  const std::string file = back_up();
  db::TestDatabase place(GetParam());
  const auto restore = [&](const std::string& from, auto change) {
    Wanted what = wanted(from, true);
    change(what);
    return GetParam() == db::Dialect::sqlite ? restore_sqlite(place.file(), what)
                                             : restore_postgres(*place, what);
  };
  const auto as_it_is = [](Wanted&) {};
  restore(file, as_it_is);
  const auto before = rows_of(*place);
  place.close();

  const std::string wrong = folder() + "/wrong.db";
  const auto refused = [&](const char* why, auto change, const std::string& from) {
    EXPECT_THAT([&] { restore(from, change); }, ThrowsMessage<db::Refused>(HasSubstr(why)));
  };
  refused("there is no such file", as_it_is, wrong);
  std::ofstream(wrong) << "this is a text, and long enough to be taken for something else";
  refused("no SQLite database", as_it_is, wrong);
  // Another program's.
  fs::remove(wrong);
  {
    db::TestDatabase foreign(db::Dialect::sqlite);
    foreign->write_now([](db::Tx& tx) { tx.script("CREATE TABLE cats (name TEXT)"); });
    foreign.close();
    fs::copy_file(foreign.file(), wrong);
  }
  refused("no backup of Latchkey", as_it_is, wrong);
  // Cut off, and damaged in the middle.
  fs::remove(wrong);
  fs::copy_file(file, wrong);
  fs::resize_file(wrong, fs::file_size(wrong) / 2);
  refused("could be put back", as_it_is, wrong);
  fs::remove(wrong);
  fs::copy_file(file, wrong);
  {
    std::fstream damaged(wrong, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(4096);
    damaged << std::string(8192, 'x');
  }
  refused("could be put back", as_it_is, wrong);
  // Of another server, and without its keys.
  refused("example.org", [](Wanted& what) { what.server_name = "example.org"; }, file);
  refused("key", [&](Wanted& what) { what.key_file = folder() + "/no keys"; }, file);
  // Newer than the program.
  fs::remove(wrong);
  fs::copy_file(file, wrong);
  {
    const auto newer = db::open("sqlite://" + wrong);
    newer->write_now([](db::Tx& tx) {
      tx.run(
          "INSERT INTO schema_migrations (version, name, checksum, applied_at)"
          " VALUES (9999, 'next', 'x', 0)");
    });
  }
  refused("newer than this program", as_it_is, wrong);
  EXPECT_EQ(rows_of(*place), before);
}

class RestoreSqliteTest : public ::testing::Test {
 protected:
  TestSessions server_{db::Dialect::sqlite};

  Wanted wanted(const std::string& file) {
    return {.file = file,
            .server_name = "example.com",
            .key_file = server_.key_file(),
            .by = kOperator,
            .now = server_.clock.now()};
  }
  std::string make(const std::string& name) {
    claim_server_name(server_.db(), "example.com");
    const std::string file = fs::path(server_.key_file()).parent_path() / name;
    make_backup(server_.db(), file);
    return file;
  }
};

// A new file beside the log of the old one would be changed back by it.
TEST_F(RestoreSqliteTest, MovesTheOldLogAway) {
  const std::string file = make("backup.db");
  server_.add_user("later");
  const std::string later = make("later.db");
  db::TestDatabase place(db::Dialect::sqlite);
  const std::string path = place.file();
  restore_sqlite(path, wanted(later));
  // A crash has left a log with one more account.
  const std::string killed = path + ".killed";
  {
    const auto database = db::open("sqlite://" + path);
    database->write_now([](db::Tx& tx) {
      tx.run("INSERT INTO users (id, localpart, created_at) VALUES (99, 'last', 0)");
    });
    for (const char* part : {"", "-wal"}) fs::copy_file(path + part, killed + part);
  }
  for (const char* part : {"", "-wal"}) {
    fs::remove(path + part);
    fs::rename(killed + part, path + part);
  }
  ASSERT_GT(fs::file_size(path + "-wal"), 0U);
  const auto restored = restore_sqlite(path, wanted(file));
  EXPECT_THAT(restored.revived->missing.names, ::testing::UnorderedElementsAre("later", "last"));
  EXPECT_FALSE(fs::exists(path + "-wal"));
  const auto users = [](const std::string& of) {
    return db::open("sqlite://" + of)->read_now([](db::Tx& tx) {
      return std::get<0>(*tx.one<std::int64_t>("SELECT count(*) FROM users"));
    });
  };
  EXPECT_EQ(users(path), 0);
  EXPECT_EQ(users(*restored.before), 2) << "what was there is whole, where it is now";
}

TEST_F(RestoreSqliteTest, TakesAHandMadeCopyWithItsLog) {
  claim_server_name(server_.db(), "example.com");
  server_.add_user("alice");
  const fs::path original = fs::path(server_.key_file()).parent_path() / "test.db";
  const std::string copy = original.string() + ".copy";
  for (const char* part : {"", "-wal"}) fs::copy_file(original.string() + part, copy + part);
  db::TestDatabase place(db::Dialect::sqlite);
  restore_sqlite(place.file(), wanted(copy));
  EXPECT_EQ(rows_of(*place).size(), rows_of(server_.db()).size() + 2);
}

TEST_F(RestoreSqliteTest, IsRefusedWhileAServerHasTheDatabase) {
  const std::string file = make("backup.db");
  db::TestDatabase place(db::Dialect::sqlite);
  place.reopen();
  EXPECT_THROW(restore_sqlite(place.file(), wanted(file)), db::Locked);
}

TEST_F(RestoreSqliteTest, ReplacesADatabaseThatCannotBeReadAndKeepsItsFiles) {
  const std::string file = make("backup.db");
  db::TestDatabase place(db::Dialect::sqlite);
  std::ofstream(place.file()) << std::string(10'000, 'x');
  const auto restored = restore_sqlite(place.file(), wanted(file));
  EXPECT_TRUE(restored.unreadable);
  EXPECT_FALSE(restored.revived);
  ASSERT_TRUE(restored.before);
  EXPECT_EQ(fs::file_size(*restored.before), 10'000U);
  EXPECT_THAT(rows_of(*place), ::testing::Not(IsEmpty()));
}

// Power was lost between two renames.
TEST_F(RestoreSqliteTest, ThatWasInterruptedIsNotTakenForADatabase) {
  const std::string file = make("backup.db");
  db::TestDatabase place(db::Dialect::sqlite);
  std::ofstream(place.file().string() + ".restoring").flush();
  EXPECT_THAT([&] { place.reopen(); }, ThrowsMessage<db::Refused>(HasSubstr("interrupted")));
  restore_sqlite(place.file(), wanted(file));
  EXPECT_THAT(rows_of(*place), ::testing::Not(IsEmpty()));
}

TEST(RestorePostgres, IsRefusedWhileANodeServes) {
  TestSessions server(db::Dialect::postgresql);
  claim_server_name(server.db(), "example.com");
  server.add_user("alice");
  const std::string file = fs::path(server.key_file()).parent_path() / "backup.db";
  make_backup(server.db(), file);
  Lease lease(server.db(), "clearing", false);
  lease.keep();
  const auto serve = [](Lease& held, std::chrono::milliseconds from) {
    return std::jthread([&held, from](const std::stop_token& stop) {
      std::this_thread::sleep_for(from);
      while (!stop.stop_requested()) {
        held.keep();
        std::this_thread::sleep_for(20ms);
      }
    });
  };
  std::jthread node = serve(lease, 0ms);
  const Wanted wanted{.file = file,
                      .server_name = "example.com",
                      .key_file = server.key_file(),
                      .by = kOperator,
                      .now = server.clock.now(),
                      .replace = true};
  EXPECT_THAT([&] { restore_postgres(server.db(), wanted); },
              ThrowsMessage<db::Refused>(HasSubstr("stop all of them")));
  node.request_stop();
  node.join();
  lease.give_up();

  // One that has only just started has beaten, and has no lease yet.
  Lease later(server.db(), "clearing", false);
  node = serve(later, 200ms);
  EXPECT_THAT([&] { restore_postgres(server.db(), wanted); },
              ThrowsMessage<db::Refused>(HasSubstr("stop all of them")));
  node.request_stop();
  node.join();
  // One that ends meanwhile serves no longer.
  node = std::jthread([&later] {
    std::this_thread::sleep_for(200ms);
    later.give_up();
  });
  EXPECT_TRUE(restore_postgres(server.db(), wanted).revived);
  node.join();
}

// Numbers that the database counts up go on behind those that were put back.
TEST(RestorePostgres, CountsOn) {
  TestSessions server(db::Dialect::sqlite);
  claim_server_name(server.db(), "example.com");
  server.sql(
      "INSERT INTO outbox (id, consumer, destination, user_id, kind, payload, created_at)"
      " VALUES (41, 'x', '', 1, 'k', '', 0)");
  const std::string file = fs::path(server.key_file()).parent_path() / "backup.db";
  make_backup(server.db(), file);
  db::TestDatabase place(db::Dialect::postgresql);
  restore_postgres(*place, {.file = file,
                            .server_name = "example.com",
                            .key_file = server.key_file(),
                            .by = kOperator,
                            .now = server.clock.now()});
  const auto next = place->write_now([](db::Tx& tx) {
    return std::get<0>(*tx.one<std::int64_t>(
        "INSERT INTO outbox (consumer, destination, user_id, kind, payload, created_at)"
        " VALUES ('x', '', 1, 'k', '', 0) RETURNING id"));
  });
  EXPECT_EQ(next, 42);
}

}  // namespace
}  // namespace latchkey::backup
