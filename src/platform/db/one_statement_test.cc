// Single statements, and statements that nobody waits for. Each test runs on SQLite and PostgreSQL.
#include "platform/db/one_statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "platform/db/engines_testing.h"

namespace latchkey::db {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Eq;

struct Note {
  std::int64_t id = 0;
  std::string body;
};

}  // namespace

template <>
struct Columns<Note> {
  static constexpr auto kAll = std::tuple{column("id", &Note::id), column("body", &Note::body)};
};

namespace {

constexpr const char* kById = "SELECT id, body FROM notes WHERE id = :id";
constexpr const char* kInsert = "INSERT INTO notes (id, body) VALUES (:id, :body)";

class OneStatementTest : public ::testing::TestWithParam<Dialect> {
 protected:
  OneStatementTest() {
    db_->write_now([](Tx& tx) {
      tx.script("CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, body TEXT)");
    });
  }

  // Runs them at the same time; what each threw.
  std::vector<std::exception_ptr> run(const std::vector<std::function<Task<void>()>>& all) {
    boost::asio::io_context io{1};
    std::vector<std::exception_ptr> thrown(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      boost::asio::co_spawn(
          io, all[i], [&thrown, i](std::exception_ptr error) { thrown[i] = std::move(error); });
    }
    io.run();
    return thrown;
  }
  template <class T>
  T result(std::function<Task<T>()> one) {
    std::optional<T> value;
    const auto thrown = run({[&]() -> Task<void> { value.emplace(co_await one()); }});
    if (thrown[0]) std::rethrow_exception(thrown[0]);
    return std::move(*value);
  }

  std::optional<std::string> body(std::int64_t id) {
    const auto row =
        result<std::optional<std::tuple<Note>>>([&] { return read_row<Note>(*db_, kById, id); });
    return row ? std::optional(std::get<0>(*row).body) : std::nullopt;
  }
  std::int64_t changed(const char* sql, std::int64_t id, std::string text,
                       std::optional<Duration> patience = {}) {
    return result<std::int64_t>(
        [&] { return change(*db_, id, patience, sql, id, std::move(text)); });
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

INSTANTIATE_TEST_SUITE_P(Engines, OneStatementTest, engines(), engine_name);

TEST_P(OneStatementTest, ReadsTheRowThatIsThere) {
  EXPECT_EQ(body(1), std::nullopt);
  EXPECT_EQ(changed(kInsert, 1, "one"), 1);
  EXPECT_EQ(body(1), "one");
  EXPECT_EQ(changed(kInsert, 2, "two"), 1);
  EXPECT_THROW(result<std::optional<std::tuple<Note>>>(
                   [&] { return read_row<Note>(*db_, "SELECT id, body FROM notes"); }),
               Error)
      << "more than one";
  EXPECT_EQ(body(2), "two") << "and all goes on";
}

TEST_P(OneStatementTest, ChangesWhatIsStillAsItWasRead) {
  const char* guarded = "UPDATE notes SET id = :id, body = :body WHERE id = :id AND body = 'old'";
  changed(kInsert, 1, "old");
  EXPECT_EQ(changed(guarded, 1, "new"), 1);
  EXPECT_EQ(changed(guarded, 1, "newer"), 0);
  EXPECT_EQ(body(1), "new");
  db_.reopen();
  EXPECT_EQ(body(1), "new");
}

TEST_P(OneStatementTest, GivesWhatItHasChanged) {
  const auto change_body = [this](const char* where, std::string text) {
    using Row = std::tuple<std::int64_t, std::string>;
    return result<std::optional<Row>>([&]() -> Task<std::optional<Row>> {
      co_return co_await change_row<std::int64_t, std::string>(*db_, 1, std::nullopt, where,
                                                               std::move(text));
    });
  };
  changed(kInsert, 1, "old");
  changed(kInsert, 2, "old");
  const char* one =
      "UPDATE notes SET body = :body WHERE id = 1 AND body = 'old' RETURNING id, body";
  EXPECT_EQ(change_body(one, "new"), std::tuple(1, "new"));
  EXPECT_EQ(change_body(one, "newer"), std::nullopt);
  EXPECT_EQ(body(1), "new");
  EXPECT_EQ(body(2), "old");
  EXPECT_THROW(change_body("UPDATE notes SET body = :body RETURNING id, body", "all"), Error);
}

TEST_P(OneStatementTest, ATurnThatComesTooLateIsUnavailable) {
  EXPECT_THROW(changed(kInsert, 1, "late", Duration{-1}), Unavailable);
  EXPECT_EQ(body(1), std::nullopt);
  EXPECT_EQ(changed(kInsert, 1, "in time", Duration{60'000}), 1);
}

// Those that share a commit: what fails fails alone.
TEST_P(OneStatementTest, OneThatFailsHarmsNoOther) {
  changed(kInsert, 7, "taken");
  std::vector<std::function<Task<void>()>> all;
  for (std::int64_t id = 1; id <= 40; ++id) {
    all.emplace_back([this, id]() -> Task<void> {
      co_await change(*db_, id, std::nullopt, kInsert, id, std::string("mine"));
    });
  }
  const auto thrown = run(all);
  for (std::size_t i = 0; i < thrown.size(); ++i) {
    EXPECT_EQ(thrown[i] != nullptr, i + 1 == 7) << i + 1;
  }
  EXPECT_THROW(std::rethrow_exception(thrown[6]), Error);
  EXPECT_EQ(ids().size(), 40U);
  EXPECT_EQ(body(7), "taken");
}

TEST_P(OneStatementTest, OfManyForOneRowEachFindsWhatTheOneBeforeLeft) {
  changed(kInsert, 1, "0");
  const char* next = "UPDATE notes SET body = :to WHERE id = 1 AND body = :from";
  int won = 0;
  std::vector<std::function<Task<void>()>> all(30, [&]() -> Task<void> {
    won += static_cast<int>(
        co_await change(*db_, 1, std::nullopt, next, std::string("1"), std::string("0")));
  });
  EXPECT_THAT(run(all), Each(Eq(nullptr)));
  EXPECT_EQ(won, 1);
  EXPECT_EQ(body(1), "1");
}

TEST_P(OneStatementTest, ReadsAndWritesOfManyAtOnceAllEnd) {
  std::vector<std::function<Task<void>()>> all;
  for (std::int64_t id = 1; id <= 100; ++id) {
    all.emplace_back([this, id]() -> Task<void> {
      co_await change(*db_, id, std::nullopt, kInsert, id, std::to_string(id));
      const auto row = co_await read_row<Note>(*db_, kById, id);
      EXPECT_TRUE(row && std::get<0>(*row).body == std::to_string(id)) << id;
    });
  }
  EXPECT_THAT(run(all), Each(Eq(nullptr)));
}

// --- a few statements as one ---

TEST_P(OneStatementTest, AFewTakePlaceOneAfterTheOther) {
  const auto both = [this](std::int64_t id) {
    return result<std::vector<std::int64_t>>([this, id]() -> Task<std::vector<std::int64_t>> {
      const std::array<Value, 2> note{Value::of(id), Value::of(std::string_view("old"))};
      const std::array<Value, 2> renamed{Value::of(std::string_view("new")), Value::of(id)};
      const std::array<Change, 2> changes{
          Change{.sql = "INSERT INTO notes (id, body) VALUES (:id, :body) ON CONFLICT DO NOTHING",
                 .args = note},
          Change{.sql = "UPDATE notes SET body = :body WHERE id = :id AND body = 'old'",
                 .args = renamed}};
      co_return co_await change_all(*db_, id, std::nullopt, changes);
    });
  };
  EXPECT_THAT(both(1), ElementsAre(1, 1));
  EXPECT_EQ(body(1), "new");
  EXPECT_THAT(both(1), ElementsAre(0, 0));
  db_.reopen();
  EXPECT_EQ(body(1), "new");
}

// Among others that share a commit, and alone.
TEST_P(OneStatementTest, AFewOfWhichOneFailsChangeNothingAndHarmNoOther) {
  changed(kInsert, 1'000, "taken");
  for (const std::int64_t many : {40, 1}) {
    std::vector<std::function<Task<void>()>> all;
    for (std::int64_t id = 1; id <= many; ++id) {
      all.emplace_back([this, id, many]() -> Task<void> {
        const std::int64_t second = id % 8 == 1 ? 1'000 : 100 * many + id;
        const std::array<Value, 2> one{Value::of(10'000 * many + id),
                                       Value::of(std::string_view("one"))};
        const std::array<Value, 2> two{Value::of(second), Value::of(std::string_view("two"))};
        const std::array<Change, 2> changes{Change{.sql = kInsert, .args = one},
                                            Change{.sql = kInsert, .args = two}};
        const auto rows = co_await change_all(*db_, id, std::nullopt, changes);
        EXPECT_THAT(rows, ElementsAre(1, 1));
      });
    }
    const std::size_t before = ids().size();
    const auto thrown = run(all);
    std::size_t failed = 0;
    for (std::size_t i = 0; i < thrown.size(); ++i) {
      EXPECT_EQ(thrown[i] != nullptr, (i + 1) % 8 == 1) << i + 1;
      failed += thrown[i] ? 1U : 0U;
    }
    EXPECT_EQ(ids().size(), before + 2 * (all.size() - failed));
  }
}

TEST_P(OneStatementTest, AFewWhoseTurnComesTooLateAreUnavailable) {
  const std::array<Value, 2> one{Value::of(std::int64_t{1}), Value::of(std::string_view("one"))};
  const std::array<Value, 2> two{Value::of(std::int64_t{2}), Value::of(std::string_view("two"))};
  const std::array<Change, 2> changes{Change{.sql = kInsert, .args = one},
                                      Change{.sql = kInsert, .args = two}};
  EXPECT_THROW(
      result<std::vector<std::int64_t>>([&] { return change_all(*db_, 1, Duration{-1}, changes); }),
      Unavailable);
  EXPECT_THAT(ids(), ElementsAre());
}

TEST_P(OneStatementTest, AFewThatCostEachConnectionAreGivenUp) {
  if (GetParam() == Dialect::sqlite) GTEST_SKIP() << "has no connections to lose";
  const std::array<Value, 2> note{Value::of(std::int64_t{1}), Value::of(std::string_view("one"))};
  const std::array<Value, 1> key{Value::of(std::int64_t{1})};
  const std::array<Change, 2> changes{
      Change{.sql = "INSERT INTO notes (id, body) VALUES (:id, :body) ON CONFLICT DO NOTHING",
             .args = note},
      Change{.sql = "UPDATE notes SET body = 'two' WHERE id = :id"
                    " AND pg_terminate_backend(pg_backend_pid())",
             .args = key}};
  EXPECT_THROW(
      result<std::vector<std::int64_t>>([&] { return change_all(*db_, 1, std::nullopt, changes); }),
      Unavailable);
  EXPECT_EQ(body(1), std::nullopt);
  EXPECT_EQ(changed(kInsert, 2, "goes on"), 1);
}

// --- Tx::later ---

TEST_P(OneStatementTest, WhatIsLaterIsThereForWhatFollows) {
  const auto seen = db_->write_now([](Tx& tx) {
    tx.later(kInsert, 1, "first");
    tx.later("UPDATE notes SET body = 'second' WHERE id = :id", 1);
    return tx.one<std::string>("SELECT body FROM notes WHERE id = 1");
  });
  EXPECT_EQ(seen, std::optional(std::tuple<std::string>("second")));
  EXPECT_EQ(body(1), "second");
}

TEST_P(OneStatementTest, MoreOfItThanAPipelineHoldsIsCommittedAsOne) {
  db_->write_now([](Tx& tx) {
    for (std::int64_t id = 1; id <= 1000; ++id) tx.later(kInsert, id, std::string(200, 'x'));
  });
  EXPECT_EQ(ids().size(), 1000U);
}

TEST_P(OneStatementTest, WhatIsLaterAndFailsUndoesAllOfIt) {
  changed(kInsert, 5, "taken");
  EXPECT_THROW(db_->write_now([](Tx& tx) {
    tx.later(kInsert, 1, "gone");
    tx.later(kInsert, 5, "clash");
    tx.later(kInsert, 6, "gone too");
  }),
               Error);
  EXPECT_THAT(ids(), ElementsAre(5));
  EXPECT_EQ(changed(kInsert, 6, "goes on"), 1);
}

TEST_P(OneStatementTest, AnExceptionUndoesWhatIsLater) {
  struct Mine {};
  EXPECT_THROW(db_->write_now([](Tx& tx) {
    tx.later(kInsert, 1, "gone");
    throw Mine{};
  }),
               Mine);
  EXPECT_THAT(ids(), ElementsAre());
  EXPECT_EQ(changed(kInsert, 1, "goes on"), 1);
}

// First used in a pipeline that fails before it is prepared.
TEST_P(OneStatementTest, AStatementThatWasNeverPreparedIsPreparedTheNextTime) {
  changed(kInsert, 1, "taken");
  const char* unused = "UPDATE notes SET body = body || :more WHERE id = :id";
  EXPECT_THROW(db_->write_now([&](Tx& tx) {
    tx.later(kInsert, 1, "clash");
    tx.later(unused, "!", 1);
  }),
               Error);
  db_->write_now([&](Tx& tx) { tx.later(unused, "!", 1); });
  EXPECT_EQ(body(1), "taken!");
}

TEST_P(OneStatementTest, AMadeUpKeyThatIsTakenIsMadeUpAgain) {
  changed(kInsert, 1, "taken");
  changed(kInsert, 2, "taken");
  std::int64_t tries = 0;
  db_->write_now([&](Tx& tx) {
    ++tries;
    tx.later(kInsert, 100 + tries, "with it");
    tx.insert_later(kInsert, tries, "mine");
  });
  EXPECT_EQ(tries, 3);
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 103));
}

TEST_P(OneStatementTest, AKeyThatStaysTakenIsGivenUp) {
  changed(kInsert, 1, "taken");
  EXPECT_THROW(db_->write_now([](Tx& tx) { tx.insert_later(kInsert, 1, "mine"); }), Unavailable);
  EXPECT_EQ(body(1), "taken");
}

// Beside others in one batch.
TEST_P(OneStatementTest, AMadeUpKeyThatIsTakenHarmsNoOther) {
  changed(kInsert, 1, "taken");
  std::vector<std::function<Task<void>()>> all;
  for (std::int64_t id = 2; id <= 20; ++id) {
    all.emplace_back([this, id]() -> Task<void> {
      std::int64_t tries = 0;
      co_await db_->write([&, id](Tx& tx) {
        tx.insert_later(kInsert, ++tries == 1 && id % 3 == 0 ? 1 : id, "mine");
      });
    });
  }
  EXPECT_THAT(run(all), Each(Eq(nullptr)));
  EXPECT_EQ(ids().size(), 20U);
}

}  // namespace
}  // namespace latchkey::db
