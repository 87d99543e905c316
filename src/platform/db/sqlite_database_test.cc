// What concerns the SQLite file: its lock, its log, a full disk, group commit, backup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "platform/db/database.h"
#include "platform/db/engines_testing.h"

namespace latchkey::db {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Optional;

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  SqliteDatabaseTest() {
    db_->write_now([](Tx& tx) {
      tx.script("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    });
  }

  void add(int id, const std::string& body = "note") {
    db_->write_now(
        [&](Tx& tx) { tx.run("INSERT INTO notes (id, body) VALUES (:id, :body)", id, body); });
  }
  static int count(Database& database) {
    return std::get<0>(
        *database.read_now([](Tx& tx) { return tx.one<int>("SELECT count(*) FROM notes"); }));
  }
  fs::path beside(const std::string& name) const { return db_.file().parent_path() / name; }

  // Starts `jobs` while the writer is busy, so that they are one batch; returns when all ended.
  void run_together(const std::vector<std::function<void()>>& jobs) {
    std::promise<void> entered;
    std::thread busy([&] {
      db_->write_now([&](Tx&) {
        entered.set_value();
        while (db_->stats().waiting < jobs.size()) std::this_thread::yield();
      });
    });
    entered.get_future().wait();
    std::vector<std::thread> threads;
    for (const auto& job : jobs) threads.emplace_back(job);
    for (auto& thread : threads) thread.join();
    busy.join();
  }

  TestDatabase db_{Dialect::sqlite};
};

TEST_F(SqliteDatabaseTest, TheFileIsForItsOwnerAlone) {
  struct stat found{};
  for (const char* name : {"test.db", "test.db-wal", "test.db.lock"}) {
    ASSERT_EQ(stat(beside(name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(SqliteDatabaseTest, ASecondUserIsRefused) {
  fs::create_symlink(db_.file(), beside("link.db"));
  for (const auto& file : {db_.file(), beside("link.db")}) {
    try {
      open("sqlite://" + file.string());
      FAIL() << "opened twice";
    } catch (const Locked& locked) {
      EXPECT_THAT(locked.what(), HasSubstr("in use by another Latchkey process"));
    }
  }
  db_.close();
  EXPECT_NO_THROW(open(db_.url()));
}

TEST_F(SqliteDatabaseTest, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(beside("letter.db")) << std::string(10'000, 'a');
  EXPECT_THROW(open("sqlite://" + beside("letter.db").string()), Refused);
  EXPECT_THROW(open("sqlite://" + beside("no/folder.db").string()), Refused);
}

TEST_F(SqliteDatabaseTest, DurableMeansTheSameAsTheSettingsSay) {
  const auto setting = [&](const char* sql) {
    return std::get<0>(*db_->write_now([&](Tx& tx) { return tx.one<int>(sql); }));
  };
  EXPECT_EQ(setting("PRAGMA synchronous"), 2);
  EXPECT_EQ(setting("PRAGMA foreign_keys"), 1);
}

TEST_F(SqliteDatabaseTest, WaitingWritesShareACommit) {
  const Stats before = db_->stats();
  std::vector<std::function<void()>> jobs;
  for (int i = 0; i < 40; ++i) jobs.push_back([this, i] { add(i); });
  run_together(jobs);
  const Stats after = db_->stats();
  EXPECT_EQ(after.writes - before.writes, 41u);
  EXPECT_EQ(after.commits - before.commits, 2u);  // the busy one, and all the others
  EXPECT_EQ(count(*db_), 40);
}

TEST_F(SqliteDatabaseTest, InABatchOnesFailureIsItsOwn) {
  std::vector<std::function<void()>> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back([this, i] {
      if (i % 3 == 0) {
        EXPECT_THROW(db_->write_now([&](Tx& tx) {
          tx.run("INSERT INTO notes (id, body) VALUES (:id, 'gone')", 1'000 + i);
          tx.run("INSERT INTO notes (id, body) VALUES (:id, :body)", 2'000 + i, std::nullopt);
        }),
                     Error);
      } else {
        add(i);
      }
    });
  }
  run_together(jobs);
  EXPECT_EQ(count(*db_), 13);
}

TEST_F(SqliteDatabaseTest, WhatAnothersFailureHasUndoneIsCalledOnceAllTheSame) {
  std::atomic<int> at_last{0};
  std::atomic<int> after{0};
  std::atomic<int> failed_at_last{0};
  std::vector<std::function<void()>> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back([&, i] {
      const auto write = [&] {
        db_->write_now([&](Tx& tx) {
          tx.run("INSERT INTO notes (id, body) VALUES (:id, 'note')", i);
          tx.before_commit("lane", [i](Tx& same) {
            same.run("INSERT INTO notes (id, body) VALUES (:id, 'lane')", 100 + i);
          });
          tx.just_before_commit([&](Tx&) { ++(i == 7 ? failed_at_last : at_last); });
          tx.after_commit([&] { ++after; });
          if (i == 7) throw std::runtime_error("on purpose");
        });
      };
      if (i == 7) {
        EXPECT_THROW(write(), std::runtime_error);
      } else {
        write();
      }
    });
  }
  run_together(jobs);
  EXPECT_EQ(count(*db_), 38);
  EXPECT_EQ(at_last, 19);
  EXPECT_EQ(after, 19);
  EXPECT_EQ(failed_at_last, 0);
}

TEST_F(SqliteDatabaseTest, ACommitWaitsForTheDiskIfOneOfItsWritesIsToBeSynced) {
  std::atomic<int> synced{0};
  const auto write = [&](int id) -> Task<void> {
    const auto job = [&](Tx& tx) {
      tx.run("INSERT INTO notes (id, body) VALUES (:id, 'note')", id);
      return tx.one<int>("PRAGMA synchronous") == std::tuple(2);
    };
    if (id == 3 ? co_await db_->write(job) : co_await db_->write_unsynced(job)) ++synced;
  };
  std::vector<std::function<void()>> jobs;
  for (int i = 0; i < 5; ++i) {
    jobs.push_back([&, i] {
      boost::asio::io_context context(1);
      boost::asio::co_spawn(context, write(i), boost::asio::detached);
      context.run();
    });
  }
  run_together(jobs);
  EXPECT_EQ(count(*db_), 5);
  EXPECT_EQ(synced, 5);
}

TEST_F(SqliteDatabaseTest, AFullDatabaseIsUnavailableUntilThereIsRoom) {
  add(1);
  const auto limit_pages = [&](int pages) {
    db_->write_now([&](Tx& tx) { tx.script("PRAGMA max_page_count = " + std::to_string(pages)); });
  };
  limit_pages(10);
  std::atomic<int> stored{0};
  std::vector<std::function<void()>> jobs;
  for (int i = 10; i < 30; ++i) {
    jobs.push_back([this, i, &stored] {
      try {
        add(i, std::string(i % 2 ? 10 : 100'000, 'x'));
        ++stored;
      } catch (const Unavailable&) {
      }
    });
  }
  run_together(jobs);
  EXPECT_LT(stored, 20);
  EXPECT_EQ(count(*db_), 1 + stored) << "exactly what was acknowledged";
  EXPECT_GE(db_->stats().failures, 1u);
  limit_pages(100'000);
  EXPECT_NO_THROW(add(2, std::string(100'000, 'x')));
}

// The file system refuses the log's growth, so that COMMIT itself fails.
TEST_F(SqliteDatabaseTest, AFailedCommitFailsAllOfItsBatch) {
  const auto ignore = signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  getrlimit(RLIMIT_FSIZE, &usual);
  std::vector<std::function<void()>> jobs;
  std::atomic<int> refused{0};
  std::atomic<bool> hook_ran{false};
  for (int i = 0; i < 5; ++i) {
    jobs.push_back([&, i] {
      try {
        db_->write_now([&](Tx& tx) {
          rlimit tight = usual;
          tight.rlim_cur = fs::file_size(beside("test.db-wal"));
          setrlimit(RLIMIT_FSIZE, &tight);
          tx.run("INSERT INTO notes (id, body) VALUES (:id, 'note')", i);
          tx.after_commit([&] { hook_ran = true; });
        });
      } catch (const Unavailable&) {
        ++refused;
      }
    });
  }
  run_together(jobs);
  setrlimit(RLIMIT_FSIZE, &usual);
  signal(SIGXFSZ, ignore);
  EXPECT_EQ(refused, 5);
  EXPECT_FALSE(hook_ran);
  EXPECT_EQ(count(*db_), 0);
  EXPECT_NO_THROW(add(1));
}

TEST_F(SqliteDatabaseTest, TheLogStartsOverUnderReaders) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) count(*db_);
    });
  }
  // A log that starts over is smaller than what went through it.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  std::uintmax_t written = 0;
  for (int i = 0; written < 10u << 20 || written < 2 * fs::file_size(beside("test.db-wal")); ++i) {
    add(i, std::string(300'000, 'x'));
    written += 300'000;
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << written << " bytes written";
      break;
    }
  }
  stop = true;
  for (auto& reader : readers) reader.join();
}

TEST_F(SqliteDatabaseTest, ARestingReaderDoesNotHoldTheLog) {
  EXPECT_EQ(count(*db_), 0);  // this thread's reader keeps its snapshot
  for (int i = 0; i < 100; ++i) add(i, std::string(300'000, 'x'));
  EXPECT_LT(fs::file_size(beside("test.db-wal")), 15u << 20) << "of 30 MB written";
  EXPECT_EQ(count(*db_), 100);
}

TEST_F(SqliteDatabaseTest, WhatAnotherProcessWritesIsSeenSoon) {
  EXPECT_EQ(count(*db_), 0);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(db_.file().c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(other, 5'000);
  EXPECT_EQ(
      sqlite3_exec(other, "INSERT INTO notes VALUES (1, 'by hand')", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(other);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (count(*db_) == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

TEST_F(SqliteDatabaseTest, AReadWithinAReadIsFine) {
  add(1);
  EXPECT_EQ(db_->read_now([&](Tx&) { return count(*db_); }), 1);
}

TEST_F(SqliteDatabaseTest, ABackupMadeWhileWritingIsWhole) {
  for (int i = 0; i < 50; ++i) add(i, std::string(20'000, 'x'));
  std::atomic<int> next{50};
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    while (!stop) add(next++);
  });
  while (next < 60) std::this_thread::yield();
  db_->backup(beside("copy.db"));
  stop = true;
  writing.join();

  struct stat found{};
  ASSERT_EQ(stat(beside("copy.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  const auto copy = open("sqlite://" + beside("copy.db").string());
  EXPECT_THAT(copy->read_now([](Tx& tx) { return tx.one<std::string>("PRAGMA integrity_check"); }),
              Optional(std::tuple("ok")));
  EXPECT_GE(count(*copy), 59);
  EXPECT_LE(count(*copy), next);
}

TEST_F(SqliteDatabaseTest, ABackupOverwritesNothing) {
  std::ofstream(beside("there.db")) << "precious";
  EXPECT_THROW(db_->backup(beside("there.db")), Refused);
  EXPECT_EQ(fs::file_size(beside("there.db")), 8u);
  EXPECT_THROW(db_->backup(beside("no/folder.db")), Refused);
  EXPECT_THROW(db_->backup(db_.file()), Refused);
}

}  // namespace
}  // namespace latchkey::db
