// What every engine does alike. Each test runs on SQLite and on PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <limits>
#include <numeric>
#include <thread>

#include "platform/db/database.h"
#include "platform/db/engines_testing.h"

namespace latchkey::db {
namespace {

using std::optional;
using std::string;
using std::tuple;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

class DatabaseConformance : public ::testing::TestWithParam<Dialect> {
 protected:
  DatabaseConformance() {
    db_->write_now([](Tx& tx) {
      tx.script(
          "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, body TEXT, number BIGINT);"
          "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY);"
          "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY,"
          " parent BIGINT NOT NULL REFERENCES parents (id))");
    });
  }

  void add(std::int64_t id, const optional<string>& body) {
    db_->write_now([&](Tx& tx) { insert(tx, id, body); });
  }
  static std::int64_t insert(Tx& tx, std::int64_t id, const optional<string>& body) {
    return tx.run("INSERT INTO notes (id, body) VALUES (:id, :body)", id, body);
  }
  std::vector<std::int64_t> ids() {
    return db_->read_now([](Tx& tx) {
      std::vector<std::int64_t> all;
      tx.each<std::int64_t>("SELECT id FROM notes ORDER BY id",
                            [&](std::int64_t id) { all.push_back(id); });
      return all;
    });
  }

  TestDatabase db_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseConformance, engines(), engine_name);

TEST_P(DatabaseConformance, IntegersComeBackAsTheyWent) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t numbers[] = {Limits::min(), -1, 0, 1, std::int64_t{1} << 32, Limits::max()};
  for (const std::int64_t number : numbers) {
    const auto row = db_->write_now([&](Tx& tx) {
      tx.run("DELETE FROM notes");
      tx.run("INSERT INTO notes (id, number) VALUES (:id, :number)", number, number);
      return tx.one<std::int64_t, std::int64_t>(
          "SELECT id, number FROM notes WHERE id = :id AND number = :id", number);
    });
    EXPECT_THAT(row, Optional(tuple(number, number)));
  }
}

TEST_P(DatabaseConformance, TextsComeBackAsTheyWent) {
  const string texts[] = {"",
                          "plain",
                          "it's \"quoted\" \\ :not_a_parameter $1 ?",
                          "é€🗝",
                          string(1 << 20, 'x'),
                          "line\nbreak\ttab"};
  for (const string& text : texts) {
    const auto row = db_->write_now([&](Tx& tx) {
      tx.run("DELETE FROM notes");
      insert(tx, 1, text);
      return tx.one<string>("SELECT body FROM notes WHERE body = :body", text);
    });
    EXPECT_THAT(row, Optional(tuple(text)));
  }
}

TEST_P(DatabaseConformance, OtherTypesComeBackAsTheyWent) {
  enum class Colour : int { red = 1, blue = 7 };
  const Time time = from_millis(1'700'000'000'123);
  const auto row = db_->write_now([&](Tx& tx) {
    tx.run("INSERT INTO notes (id, number) VALUES (1, :number)", time);
    tx.run("INSERT INTO notes (id, number) VALUES (2, :number)", true);
    tx.run("INSERT INTO notes (id, number) VALUES (3, :number)", Colour::blue);
    tx.run("INSERT INTO notes (id, number) VALUES (4, :number)", Duration{250});
    const char* sql = "SELECT number FROM notes WHERE id = :id";
    return tuple(tx.one<Time>(sql, 1), tx.one<bool>(sql, 2), tx.one<Colour>(sql, 3),
                 tx.one<Duration>(sql, 4));
  });
  EXPECT_THAT(std::get<0>(row), Optional(tuple(time)));
  EXPECT_THAT(std::get<1>(row), Optional(tuple(true)));
  EXPECT_THAT(std::get<2>(row), Optional(tuple(Colour::blue)));
  EXPECT_THAT(std::get<3>(row), Optional(tuple(Duration{250})));
}

TEST_P(DatabaseConformance, AbsentValuesAreNull) {
  using Row = tuple<optional<string>, optional<std::int64_t>>;
  const char* insert_both = "INSERT INTO notes (id, body, number) VALUES (:id, :body, :number)";
  db_->write_now([&](Tx& tx) {
    tx.run(insert_both, 1, optional<string>(), optional<std::int64_t>());
    tx.run(insert_both, 2, std::nullopt, std::nullopt);
    tx.run(insert_both, 3, optional<string>(""), optional<std::int64_t>(0));
  });
  const auto rows = db_->read_now([](Tx& tx) {
    return tx.all<optional<string>, optional<std::int64_t>>(
        "SELECT body, number FROM notes ORDER BY id");
  });
  EXPECT_THAT(rows, ElementsAre(Row{}, Row{}, Row("", 0)));
}

TEST_P(DatabaseConformance, FirstUsedWithAnAbsentValueAStatementTakesAPresentOne) {
  const char* sql = "UPDATE notes SET body = :body WHERE id = 1";
  add(1, "old");
  db_->write_now([&](Tx& tx) { tx.run(sql, std::nullopt); });
  db_->write_now([&](Tx& tx) { tx.run(sql, "new"); });
  const auto row = db_->read_now([](Tx& tx) { return tx.one<string>("SELECT body FROM notes"); });
  EXPECT_THAT(row, Optional(tuple("new")));
}

TEST_P(DatabaseConformance, OneNamedParameterMayStandTwice) {
  add(5, "five");
  const auto row = db_->read_now([](Tx& tx) {
    return tx.one<std::int64_t, string>(
        "SELECT id, body FROM notes WHERE (id = :id AND body = :body) OR (id = :id AND id > 0)", 5,
        "five");
  });
  EXPECT_THAT(row, Optional(tuple(5, "five")));
}

TEST_P(DatabaseConformance, CountsAndSumsAreIntegers) {
  db_->write_now([](Tx& tx) {
    for (int i = 1; i <= 4; ++i) {
      tx.run("INSERT INTO notes (id, number) VALUES (:id, :number)", i, i);
    }
  });
  const auto row = db_->read_now([](Tx& tx) {
    return tx.one<int, std::int64_t, optional<int>>(
        "SELECT count(*), sum(number), max(number) "
        "FROM notes");
  });
  EXPECT_THAT(row, Optional(tuple(4, 10, optional(4))));
}

TEST_P(DatabaseConformance, WrongShapesAreErrors) {
  add(1, "one");
  add(2, std::nullopt);
  const auto read = [&](auto fn) { db_->read_now([&](Tx& tx) { fn(tx); }); };
  const char* body = "SELECT body FROM notes WHERE id = :id";
  EXPECT_THROW(read([](Tx& tx) { tx.one<int>("SELECT id FROM notes"); }), Error);
  EXPECT_THROW(read([&](Tx& tx) { tx.one<string>(body, 2); }), Error) << "NULL";
  EXPECT_THROW(read([&](Tx& tx) { tx.one<int>(body, 1); }), Error) << "a text";
  EXPECT_THROW(read([&](Tx& tx) { tx.one<string, int>(body, 1); }), Error) << "one column";
  EXPECT_THROW(read([&](Tx& tx) { tx.one<string>(body); }), Error) << "no parameter";
  EXPECT_THROW(read([&](Tx& tx) { tx.one<string>(body, 1, 2); }), Error) << "two parameters";
  EXPECT_THROW(read([](Tx& tx) { tx.run("SELECT id FROM notes"); }), Error) << "rows";
  EXPECT_THROW(read([](Tx& tx) { tx.one<int>("SELECT nothing FROM nowhere"); }), Error);
  EXPECT_THROW(read([](Tx& tx) { tx.one<int>("SELECT 1.5"); }), Error) << "a real number";
  EXPECT_THROW(read([](Tx& tx) { tx.one<int>("SELECT 1; SELECT 2"); }), Error);
  // And all goes on.
  EXPECT_THAT(db_->read_now([&](Tx& tx) { return tx.one<string>(body, 1); }),
              Optional(tuple("one")));
}

TEST_P(DatabaseConformance, AnIntegerOutOfItsColumnsRangeIsAnError) {
  db_->write_now([](Tx& tx) {
    tx.run("INSERT INTO notes (id, number) VALUES (1, :number)", std::int64_t{1} << 40);
  });
  EXPECT_THROW(db_->read_now([](Tx& tx) { return tx.one<int>("SELECT number FROM notes"); }),
               Error);
}

TEST_P(DatabaseConformance, TextThatIsNoTextIsAnErrorAndNotQuoted) {
  const string texts[] = {string("a\0b", 3), "\xff", "\xc0\xaf", "\xed\xa0\x80"};
  for (const string& text : texts) {
    try {
      add(1, text);
      FAIL() << "took it";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr(text.substr(0, 1) + "b")));
    }
  }
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_P(DatabaseConformance, ATransactionReadsItsOwnWrites) {
  const auto seen = db_->write_now([](Tx& tx) {
    insert(tx, 1, "mine");
    return tx.one<string>("SELECT body FROM notes WHERE id = 1");
  });
  EXPECT_THAT(seen, Optional(tuple("mine")));
}

TEST_P(DatabaseConformance, WhatWasWrittenIsReadByTheNext) {
  for (int i = 0; i < 50; ++i) {
    add(i, "note");
    ASSERT_EQ(ids().size(), i + 1u);
  }
}

TEST_P(DatabaseConformance, WhatWasWrittenIsThereAfterReopening) {
  add(1, "kept");
  db_.reopen();
  EXPECT_THAT(ids(), ElementsAre(1));
}

// As the engine has it: whether the commit of a transaction waits for the disk.
bool waits_for_the_disk(Tx& tx, Dialect dialect) {
  if (dialect == Dialect::sqlite) return tx.one<int>("PRAGMA synchronous") == tuple(2);
  return tx.one<string>("SHOW synchronous_commit") == tuple("on");
}

TEST_P(DatabaseConformance, AnUnsyncedWriteIsOneAndTheNextIsSynced) {
  const Dialect dialect = db_->dialect();
  const auto write = [&]() -> Task<void> {
    EXPECT_FALSE(co_await db_->write_unsynced([&](Tx& tx) {
      insert(tx, 1, "unsynced");
      return waits_for_the_disk(tx, dialect);
    }));
    EXPECT_THAT(ids(), ElementsAre(1));
    bool thrown = false;
    try {
      co_await db_->write_unsynced([](Tx& tx) {
        insert(tx, 2, "gone");
        throw std::runtime_error("on purpose");
      });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    // More than there are connections.
    for (int id = 3; id < 13; ++id) {
      EXPECT_TRUE(co_await db_->write([&](Tx& tx) {
        insert(tx, id, "synced");
        return waits_for_the_disk(tx, dialect);
      }));
    }
  };
  boost::asio::io_context context(1);
  boost::asio::co_spawn(context, write(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  db_.reopen();
  EXPECT_EQ(ids().size(), 11U);
}

TEST_P(DatabaseConformance, RowsChangedAreCounted) {
  db_->write_now([](Tx& tx) {
    EXPECT_EQ(insert(tx, 1, "a"), 1);
    EXPECT_EQ(insert(tx, 2, "b"), 1);
    EXPECT_EQ(tx.run("UPDATE notes SET body = 'c' WHERE id > :id", 0), 2);
    EXPECT_EQ(tx.run("DELETE FROM notes WHERE id = :id", 7), 0);
  });
}

TEST_P(DatabaseConformance, AConflictThatDoesNothingChangesNoRow) {
  db_->write_now([](Tx& tx) {
    const char* sql = "INSERT INTO notes (id, body) VALUES (:id, :body) ON CONFLICT DO NOTHING";
    EXPECT_EQ(tx.run(sql, 1, "first"), 1);
    EXPECT_EQ(tx.run(sql, 1, "second"), 0);
    EXPECT_EQ(tx.run("INSERT INTO notes (id, body) VALUES (:id, :body) "
                     "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                     1, "third"),
              1);
  });
  const auto row = db_->read_now([](Tx& tx) { return tx.one<string>("SELECT body FROM notes"); });
  EXPECT_THAT(row, Optional(tuple("third")));
}

TEST_P(DatabaseConformance, ReturningGivesTheRow) {
  add(1, "a");
  const auto row = db_->write_now([](Tx& tx) {
    return tx.one<std::int64_t, string>(
        "UPDATE notes SET body = :body WHERE id = :id RETURNING id, body", "b", 1);
  });
  EXPECT_THAT(row, Optional(tuple(1, "b")));
  EXPECT_EQ(db_->write_now([](Tx& tx) {
    return tx.one<std::int64_t>("DELETE FROM notes WHERE id = :id RETURNING id", 9);
  }),
            std::nullopt);
}

TEST_P(DatabaseConformance, RowsChosenForUpdateCanBeChanged) {
  add(1, "a");
  db_->write_now([](Tx& tx) {
    const string sql = "SELECT body FROM notes WHERE id = :id" + string(tx.for_update());
    EXPECT_THAT(tx.one<string>(sql, 1), Optional(tuple("a")));
    tx.run("UPDATE notes SET body = 'b'");
  });
}

TEST_P(DatabaseConformance, ForeignKeysAreKept) {
  EXPECT_THROW(
      db_->write_now([](Tx& tx) { tx.run("INSERT INTO children (id, parent) VALUES (1, 1)"); }),
      Error);
}

TEST_P(DatabaseConformance, AnExceptionRollsBackAndComesOut) {
  struct Mine {};
  EXPECT_THROW(db_->write_now([](Tx& tx) {
    insert(tx, 1, "gone");
    throw Mine{};
  }),
               Mine);
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_P(DatabaseConformance, AViolatedConstraintNamesNoValues) {
  add(1, "secret");
  try {
    db_->write_now(
        [](Tx& tx) { tx.run("INSERT INTO notes (id, body) VALUES (:id, :body)", 1, "swordfish"); });
    FAIL() << "took it";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("INSERT INTO notes"));
    EXPECT_THAT(error.what(), Not(HasSubstr("swordfish")));
  }
}

TEST_P(DatabaseConformance, AFailedStatementThatWasSwallowedStillRollsBack) {
  EXPECT_THROW(db_->write_now([](Tx& tx) {
    insert(tx, 1, "a");
    try {
      insert(tx, 1, "again");
    } catch (const Error&) {  // as if nothing had happened
    }
  }),
               Error);
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_P(DatabaseConformance, AReadCannotWrite) {
  EXPECT_THROW(db_->read_now([](Tx& tx) { insert(tx, 1, "a"); }), Error);
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_P(DatabaseConformance, AReadIsOneSnapshot) {
  add(1, "a");
  db_->read_now([&](Tx& tx) {
    const char* sql = "SELECT count(*) FROM notes";
    EXPECT_THAT(tx.one<int>(sql), Optional(tuple(1)));
    std::thread([&] { add(2, "b"); }).join();
    EXPECT_THAT(tx.one<int>(sql), Optional(tuple(1)));
  });
  EXPECT_THAT(ids(), ElementsAre(1, 2));
}

// What a reader kept for the next read is out of date by then, however soon that comes.
TEST_P(DatabaseConformance, WhatIsWrittenDuringAReadIsReadByTheNext) {
  for (std::int64_t id = 1; id <= 30; ++id) {
    db_->read_now([&](Tx& tx) {
      tx.one<std::int64_t>("SELECT COUNT(*) FROM notes");  // from here on it is one snapshot
      add(id, "written meanwhile");
    });
    const auto all = ids();
    ASSERT_EQ(all.size(), static_cast<std::size_t>(id));
    ASSERT_EQ(all.back(), id);
  }
}

TEST_P(DatabaseConformance, HooksRunOnceAfterTheCommitAndBeforeTheCaller) {
  int hooks = 0;
  db_->write_now([&](Tx& tx) {
    insert(tx, 1, "a");
    tx.after_commit([&] {
      ++hooks;
      // Durable already: another connection sees it.
      std::thread([&] { EXPECT_THAT(ids(), ElementsAre(1)); }).join();
    });
    EXPECT_EQ(hooks, 0);
  });
  EXPECT_EQ(hooks, 1);
}

TEST_P(DatabaseConformance, HooksOfARolledBackTransactionAreDropped) {
  bool ran = false;
  EXPECT_THROW(db_->write_now([&](Tx& tx) {
    tx.after_commit([&] { ran = true; });
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_FALSE(ran);
}

TEST_P(DatabaseConformance, WhatIsLeftForTheEndRunsInTheOrderOfItsKeys) {
  std::int64_t next = 1;
  const auto leave = [&next](Tx& tx, const char* key, const char* body) {
    tx.before_commit(key, [&next, body](Tx& same) { insert(same, next++, body); });
  };
  db_->write_now([&](Tx& tx) {
    next = 1;
    leave(tx, "b", "third");
    leave(tx, "a", "first");
    leave(tx, "a", "second");
    tx.before_commit("c", [&leave](Tx& same) { leave(same, "a", "last, for it came late"); });
    EXPECT_THAT(tx.one<int>("SELECT count(*) FROM notes"), Optional(tuple(0)));
  });
  EXPECT_THAT(
      db_->read_now([](Tx& tx) { return tx.all<string>("SELECT body FROM notes ORDER BY id"); }),
      ElementsAre(tuple("first"), tuple("second"), tuple("third"),
                  tuple("last, for it came late")));
}

TEST_P(DatabaseConformance, WhatFailsAtTheEndRollsEverythingBack) {
  EXPECT_THROW(db_->write_now([](Tx& tx) {
    insert(tx, 1, "a");
    tx.before_commit("a", [](Tx&) { throw std::runtime_error("no"); });
  }),
               std::runtime_error);
  EXPECT_THAT(ids(), ElementsAre());
}

// Each takes what no other holds. On SQLite writes are alone, and there is nothing to pass over.
TEST_P(DatabaseConformance, WorkIsTakenWithoutWaiting) {
  add(1, "a");
  add(2, "b");
  const auto take = [](Tx& tx) {
    const string sql =
        "SELECT id FROM notes ORDER BY id LIMIT 1" + string(tx.for_update_skip_locked());
    return std::get<0>(tx.one<std::int64_t>(sql).value());
  };
  const bool alone = db_->dialect() == Dialect::sqlite;
  db_->write_now([&](Tx& tx) {
    EXPECT_EQ(take(tx), 1);
    if (alone) return;
    std::thread([&] { db_->write_now([&](Tx& other) { EXPECT_EQ(take(other), 2); }); }).join();
  });
}

TEST_P(DatabaseConformance, NotificationsAreTakenByBoth) {
  EXPECT_NO_THROW(db_->write_now([](Tx& tx) { tx.notify("session 1"); }));
  const auto listener = db_->listen({});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (listener->last_heard() == Listener::Clock::time_point{}) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

TEST_P(DatabaseConformance, ASameStatementCannotRunWithinItself) {
  add(1, "a");
  const char* sql = "SELECT id FROM notes";
  EXPECT_THROW(db_->read_now([&](Tx& tx) { tx.each<int>(sql, [&](int) { tx.one<int>(sql); }); }),
               Error);
}

TEST_P(DatabaseConformance, EachCanShowTextWithoutACopy) {
  add(1, "a");
  add(2, "b");
  const auto joined = db_->read_now([](Tx& tx) {
    string all;
    tx.each<std::string_view, std::int64_t>(
        "SELECT body, id FROM notes ORDER BY id",
        [&](std::string_view body, std::int64_t id) { all += string(body) + std::to_string(id); });
    return all;
  });
  EXPECT_EQ(joined, "a1b2");
}

// Many coroutines on several io_contexts: each resumes on its own, nothing is lost, and one's
// failure is its own.
TEST_P(DatabaseConformance, ManyWritersFromSeveralThreads) {
  constexpr int threads = 3;
  constexpr int writers = 100;
  std::atomic<int> resumed_elsewhere{0};
  std::atomic<int> failed{0};
  const auto write = [&](int id) -> Task<void> {
    const auto mine = std::this_thread::get_id();
    try {
      co_await db_->write([&](Tx& tx) {
        insert(tx, id, "note");
        if (id % 7 == 0) throw std::runtime_error("on purpose");
      });
    } catch (const std::runtime_error&) {
      ++failed;
    }
    const auto found = co_await db_->read(
        [&](Tx& tx) { return tx.one<std::int64_t>("SELECT id FROM notes WHERE id = :id", id); });
    EXPECT_EQ(found.has_value(), id % 7 != 0) << id;
    if (std::this_thread::get_id() != mine) ++resumed_elsewhere;
  };
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      boost::asio::io_context context(1);
      for (int i = 0; i < writers; ++i) {
        boost::asio::co_spawn(context, write(t * writers + i), [](std::exception_ptr error) {
          if (error) std::rethrow_exception(error);
        });
      }
      context.run();
    });
  }
  for (auto& thread : running) thread.join();
  EXPECT_EQ(resumed_elsewhere, 0);
  EXPECT_EQ(failed, (threads * writers + 6) / 7);
  EXPECT_EQ(ids().size(), threads * writers - failed);
  EXPECT_EQ(db_->stats().waiting, 0u);
}

TEST_P(DatabaseConformance, ReadModifyWriteLosesNothing) {
  add(1, "0");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        db_->write_now([](Tx& tx) {
          const string sql = "SELECT body FROM notes WHERE id = 1" + string(tx.for_update());
          const int value = std::stoi(std::get<0>(*tx.one<string>(sql)));
          tx.run("UPDATE notes SET body = :body WHERE id = 1", std::to_string(value + 1));
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(db_->read_now([](Tx& tx) { return tx.one<string>("SELECT body FROM notes"); }),
              Optional(tuple("100")));
}

// Operations that wait behind blocked ones, up to the bound; the next is refused at once.
TEST_P(DatabaseConformance, AFullQueueRefuses) {
  Options options = TestDatabase::small();
  options.size = 1;
  options.queue = 4;
  db_.reopen(options);
  std::promise<void> entered;
  std::promise<void> go_on;
  std::thread blocked([&] {
    db_->write_now([&](Tx&) {
      entered.set_value();
      go_on.get_future().wait();
    });
  });
  entered.get_future().wait();
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back([&, i] { add(i, "waited"); });
  while (db_->stats().waiting < 4) std::this_thread::yield();
  auto refused = std::async(std::launch::async, [&] { add(9, "too many"); });
  // If it is not refused it waits like the others, until they may go on.
  while (refused.wait_for(Duration{1}) != std::future_status::ready && db_->stats().waiting == 4) {
  }
  EXPECT_EQ(db_->stats().waiting, 4U);
  go_on.set_value();
  EXPECT_THROW(refused.get(), Unavailable);
  EXPECT_GE(db_->stats().failures, 1u);
  blocked.join();
  for (auto& thread : waiting) thread.join();
  EXPECT_THAT(ids(), ElementsAre(0, 1, 2, 3));
}

TEST_P(DatabaseConformance, AnOperationKnowsHowLongItWaited) {
  Options options = TestDatabase::small();
  options.size = 1;
  db_.reopen(options);
  std::promise<void> entered;
  std::thread blocked([&] {
    db_->write_now([&](Tx&) {
      entered.set_value();
      while (db_->stats().waiting == 0) std::this_thread::yield();
      const auto until = std::chrono::steady_clock::now() + Duration{30};
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    });
  });
  entered.get_future().wait();
  const Duration waited = db_->write_now([](Tx& tx) { return tx.waited(); });
  blocked.join();
  EXPECT_GE(waited, Duration{29});
}

TEST_P(DatabaseConformance, ClosedItRefuses) {
  db_->close();
  EXPECT_THROW(add(1, "late"), Unavailable);
  EXPECT_THROW(ids(), Unavailable);
  db_->close();
}

// What waits when close() is called is finished, coroutines are resumed.
TEST_P(DatabaseConformance, ClosingFinishesWhatWaits) {
  boost::asio::io_context context(1);
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(
        context,
        [&, i]() -> Task<void> {
          co_await db_->write([i](Tx& tx) { insert(tx, i, "note"); });
          ++done;
        },
        [](std::exception_ptr error) {
          if (error) std::rethrow_exception(error);
        });
  }
  context.poll();
  db_->close();
  context.run();
  EXPECT_EQ(done, 20);
}

TEST_P(DatabaseConformance, WhatATransactionHoldsIsForgottenWithIt) {
  db_->write_now([](Tx& tx) {
    EXPECT_FALSE(tx.holds("notes", 1));
    tx.note_held("notes", 1);
    tx.note_held("notes", 2);
    EXPECT_TRUE(tx.holds("notes", 1));
    EXPECT_FALSE(tx.holds("parents", 1));
    EXPECT_FALSE(tx.holds("notes", 3));
  });
  db_->write_now([](Tx& tx) { EXPECT_FALSE(tx.holds("notes", 1)); });
}

}  // namespace
}  // namespace latchkey::db
