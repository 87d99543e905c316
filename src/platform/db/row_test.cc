#include "platform/db/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/db/engines_testing.h"

namespace latchkey::db {
namespace {

enum class BookId : std::int64_t {};

struct Book {
  BookId id{};
  std::string title;
  std::string subtitle;  // NULL where there is none
  std::optional<Time> lent_at;

  bool operator==(const Book&) const = default;
};

struct Shelf {
  std::int64_t id = 0;
  std::string name;

  bool operator==(const Shelf&) const = default;
};

}  // namespace

template <>
struct Columns<Book> {
  static constexpr auto title = [](const Book& book) { return "<" + book.title + ">"; };
  static constexpr auto set_title = [](Book& book, const std::string& stored) {
    book.title = stored.substr(1, stored.size() - 2);
  };
  static constexpr auto kAll = std::tuple{
      column("id", &Book::id),
      computed<std::string>("title", title, set_title),
      column<EmptyIsNull>("subtitle", &Book::subtitle),
      column("lent_at", &Book::lent_at),
  };
};

template <>
struct Columns<Shelf> {
  static constexpr auto kAll = std::tuple{column("id", &Shelf::id), column("name", &Shelf::name)};
};

namespace {

TEST(Row, NamesItsColumns) {
  EXPECT_EQ(column_list<Book>(), "id, title, subtitle, lent_at");
  EXPECT_EQ(column_list<Book>("b"), "b.id, b.title, b.subtitle, b.lent_at");
  EXPECT_EQ(parameter_list<Book>(), ":id, :title, :subtitle, :lent_at");
}

class RowTest : public ::testing::TestWithParam<Dialect> {
 protected:
  RowTest() {
    database_->write_now([](Tx& tx) {
      tx.script(
          "CREATE TABLE shelves (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);"
          "CREATE TABLE books (id BIGINT NOT NULL PRIMARY KEY, title TEXT NOT NULL, subtitle TEXT,"
          " lent_at BIGINT, shelf BIGINT)");
    });
  }

  std::int64_t add(const Book& book, std::optional<std::int64_t> shelf = {}) {
    static const std::string sql = "INSERT INTO books (" + column_list<Book>() +
                                   ", shelf) VALUES (" + parameter_list<Book>() +
                                   ", :shelf) ON CONFLICT DO NOTHING";
    return database_->write_now([&](Tx& tx) { return insert(tx, sql, book, shelf); });
  }
  std::vector<Book> books(const std::string& condition = "") {
    return database_->read_now([&](Tx& tx) {
      return rows<Book>(tx, "SELECT " + column_list<Book>() + " FROM books" + condition);
    });
  }

  TestDatabase database_{GetParam()};
  const Book plain_{.id = BookId{1}, .title = "Moby-Dick", .subtitle = "", .lent_at = {}};
  const Book full_{.id = BookId{2},
                   .title = "Frankenstein",
                   .subtitle = "or, The Modern Prometheus",
                   .lent_at = from_millis(7)};
};

INSTANTIATE_TEST_SUITE_P(Engines, RowTest, engines(), engine_name);

TEST_P(RowTest, ComesBackAsItWent) {
  EXPECT_EQ(add(plain_), 1);
  EXPECT_EQ(add(full_), 1);
  EXPECT_EQ(add(full_), 0) << "a conflict";
  EXPECT_THAT(books(" ORDER BY id"), ::testing::ElementsAre(plain_, full_));
}

TEST_P(RowTest, IsStoredAsItsColumnsSay) {
  add(plain_);
  const auto stored = database_->read_now([](Tx& tx) {
    return tx.one<std::string, std::optional<std::string>>("SELECT title, subtitle FROM books");
  });
  EXPECT_EQ(stored, std::tuple("<Moby-Dick>", std::nullopt));
}

TEST_P(RowTest, OneIsNoneOrTheOnlyOne) {
  const std::string sql = "SELECT " + column_list<Book>() + " FROM books WHERE id < :before";
  const auto before = [&](std::int64_t id) {
    return database_->read_now([&](Tx& tx) { return row<Book>(tx, sql, id); });
  };
  add(plain_);
  add(full_);
  EXPECT_EQ(before(1), std::nullopt);
  EXPECT_EQ(before(2), plain_);
  EXPECT_THROW(before(3), Error);
}

TEST_P(RowTest, TwoStructsAreReadFromAJoin) {
  const Shelf shelf{.id = 9, .name = "whales"};
  database_->write_now([&](Tx& tx) {
    return insert(tx, "INSERT INTO shelves (id, name) VALUES (:id, :name)", shelf);
  });
  add(plain_, 9);
  add(full_);
  std::vector<std::pair<Book, Shelf>> found;
  database_->read_now([&](Tx& tx) {
    each_row<Book, Shelf>(
        tx,
        "SELECT " + column_list<Book>("b") + ", " + column_list<Shelf>("s") +
            " FROM books b JOIN shelves s ON s.id = b.shelf",
        [&](Book&& book, Shelf&& on) { found.emplace_back(std::move(book), std::move(on)); });
    return 0;
  });
  EXPECT_THAT(found, ::testing::ElementsAre(std::pair(plain_, shelf)));
}

}  // namespace
}  // namespace latchkey::db
