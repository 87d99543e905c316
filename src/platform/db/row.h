#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/db/tx.h"

// Rows as values: a struct names its columns once, and the SELECT list, the INSERT and the reading
// of a row follow from that. A struct says so beside its SQL:
//
//   template <>
//   struct db::Columns<Device> {
//     static constexpr auto kAll = std::tuple{db::column("id", &Device::key),
//                                             db::column("device_id", &Device::id)};
//   };
//   auto devices = db::rows<Device>(tx, "SELECT " + db::column_list<Device>("d") + " FROM devices
//   d");
//
// SQL texts are kept by the connection for good, so a text that is put together is a static.
namespace latchkey::db {

template <class Row>
struct Columns;

// An empty text is NULL.
struct EmptyIsNull {
  using Stored = std::optional<std::string>;
  static std::optional<std::string_view> stored(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional<std::string_view>(value);
  }
  static std::string value(std::optional<std::string> stored) {
    return std::move(stored).value_or("");
  }
};

// One column: its name, and how a row's value is taken and given. `Stored` is the type that Tx
// reads: an integer, an enumeration, a Time, a text, or an optional of these.
template <class Stored_, class Get, class Set>
struct Column {
  using Stored = Stored_;
  std::string_view name;
  Get get;  // (const Row&) -> what Tx binds
  Set set;  // (Row&, Stored)
};

// A column whose value is computed: `get(row)` and `set(row, Stored)`.
template <class Stored, class Get, class Set>
constexpr Column<Stored, Get, Set> computed(std::string_view name, Get get, Set set) {
  return {name, get, set};
}

// A column that is a member, stored as it is.
template <class Row, class T>
constexpr auto column(std::string_view name, T Row::* member) {
  return computed<T>(
      name, [member](const Row& row) -> const T& { return row.*member; },
      [member](Row& row, T stored) { row.*member = std::move(stored); });
}

// A column that is a member, stored as `As` says.
template <class As, class Row, class T>
constexpr auto column(std::string_view name, T Row::* member) {
  return computed<typename As::Stored>(
      name, [member](const Row& row) { return As::stored(row.*member); },
      [member](Row& row, typename As::Stored stored) {
        row.*member = As::value(std::move(stored));
      });
}

namespace detail {

// "a, b": the names of a row's columns, each behind `before`.
template <class Row>
std::string joined_names(std::string_view before) {
  std::string text;
  std::apply(
      [&](const auto&... column) {
        ((text.append(text.empty() ? "" : ", ").append(before).append(column.name)), ...);
      },
      Columns<Row>::kAll);
  return text;
}

template <class Row, class Columns_ = std::remove_const_t<decltype(Columns<Row>::kAll)>>
struct Reader;
template <class Row, class... Cols>
struct Reader<Row, std::tuple<Cols...>> {
  using Stored = std::tuple<typename Cols::Stored...>;

  // The row whose columns begin at `first` of those that were read.
  template <std::size_t first, class All>
  static Row read(All& all) {
    Row row{};
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (std::get<i>(Columns<Row>::kAll).set(row, std::move(std::get<first + i>(all))), ...);
    }(std::index_sequence_for<Cols...>{});
    return row;
  }
};

// How many columns the first `n` rows have together.
template <std::size_t n, class... Rows>
constexpr std::size_t columns_before() {
  constexpr std::array<std::size_t, sizeof...(Rows)> counts{
      std::tuple_size_v<typename Reader<Rows>::Stored>...};
  std::size_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += counts[i];
  return sum;
}

template <class All>
struct EachRow;
template <class... Stored>
struct EachRow<std::tuple<Stored...>> {
 public:
  template <class... Rows, class Fn, class... Args>
  static void run(Tx& tx, std::string_view sql, const Fn& fn, const Args&... args) {
    tx.each<Stored...>(sql, [&](Stored&... values) { hand_over<Rows...>(fn, values...); }, args...);
  }

  // Of a statement that runs.
  template <class... Rows, class Fn>
  static void read(Statement& statement, const Fn& fn) {
    read_rows<Stored...>(statement, [&](Stored&... values) { hand_over<Rows...>(fn, values...); });
  }

 private:
  template <class... Rows, class Fn>
  static void hand_over(const Fn& fn, Stored&... values) {
    std::tuple<Stored&...> all{values...};
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      fn(Reader<Rows>::template read<columns_before<i, Rows...>()>(all)...);
    }(std::index_sequence_for<Rows...>{});
  }
};

template <class... Rows>
using AllStored = decltype(std::tuple_cat(std::declval<typename Reader<Rows>::Stored>()...));

}  // namespace detail

// "t.id, t.user_id, …": the columns of `Row` for a SELECT that calls its table `table`; without a
// name the bare columns.
template <class Row>
std::string column_list(std::string_view table = {}) {
  return detail::joined_names<Row>(table.empty() ? std::string() : std::string(table) + ".");
}

// ":id, :user_id, …": the same columns as the parameters of an INSERT.
template <class Row>
std::string parameter_list() {
  return detail::joined_names<Row>(":");
}

// Calls fn(Rows&&…) for each row of a SELECT that lists the columns of these structs, one struct
// after the other (a join).
template <class... Rows, class Fn, class... Args>
void each_row(Tx& tx, std::string_view sql, const Fn& fn, const Args&... args) {
  detail::EachRow<detail::AllStored<Rows...>>::template run<Rows...>(tx, sql, fn, args...);
}

// All of them, of one struct.
template <class Row, class... Args>
std::vector<Row> rows(Tx& tx, std::string_view sql, const Args&... args) {
  std::vector<Row> found;
  each_row<Row>(tx, sql, [&](Row&& row) { found.push_back(std::move(row)); }, args...);
  return found;
}

// The one row, if there is any; more is an Error.
template <class Row, class... Args>
std::optional<Row> row(Tx& tx, std::string_view sql, const Args&... args) {
  std::optional<Row> found;
  each_row<Row>(
      tx, sql,
      [&](Row&& row) {
        if (found) detail::wrong_row_count(sql, "more than one row");
        found = std::move(row);
      },
      args...);
  return found;
}

// Runs an INSERT whose parameters are those of the struct, in its order, and then `more`. Returns
// the number of rows: 0 on a conflict.
template <class Row, class... More>
std::int64_t insert(Tx& tx, std::string_view sql, const Row& row, const More&... more) {
  return std::apply([&](const auto&... column) { return tx.run(sql, column.get(row)..., more...); },
                    Columns<Row>::kAll);
}

// The same of a row whose key was made up: see Tx::insert_later.
template <class Row, class... More>
void insert_later(Tx& tx, std::string_view sql, const Row& row, const More&... more) {
  std::apply([&](const auto&... column) { tx.insert_later(sql, column.get(row)..., more...); },
             Columns<Row>::kAll);
}

// Parameters for a statement that runs later (one_statement.h): what is computed for them is kept
// here. Of texts that the row has they are views.
template <class Kept>
class KeptParameters {
 public:
  explicit KeptParameters(Kept kept)
      : kept_(std::move(kept)),
        values_(std::apply(
            [](const auto&... value) {
              return std::array<Value, std::tuple_size_v<Kept>>{detail::to_value(value)...};
            },
            kept_)) {}
  KeptParameters(const KeptParameters&) = delete;
  KeptParameters& operator=(const KeptParameters&) = delete;

  std::span<const Value> values() const { return values_; }

 private:
  const Kept kept_;
  const std::array<Value, std::tuple_size_v<Kept>> values_;
};

// Those of an INSERT of the struct, in its order, and then `more`.
template <class Row, class... More>
auto keep_parameters(const Row& row, More... more) {
  return std::apply(
      [&](const auto&... column) {
        return KeptParameters(std::tuple<decltype(column.get(row))..., More...>(
            column.get(row)..., std::move(more)...));
      },
      Columns<Row>::kAll);
}

}  // namespace latchkey::db
