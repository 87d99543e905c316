#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/time.h"

// SQL as the domain writes it: one text for both engines, parameters and columns typed.
namespace latchkey::db {

// A statement that failed for a reason that will not pass: bad SQL, a violated constraint, a row
// of another shape than asked for. The text names the SQL, never its parameters.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What crosses between C++ and SQL. A text from the database is valid until the next row.
struct Value {
  enum class Kind : std::uint8_t { none, integer, text };

  Kind kind = Kind::none;  // of a NULL parameter: what it would be, if that is known
  bool null = true;
  std::int64_t integer = 0;
  std::string_view text;

  static Value of(std::int64_t integer) { return {Kind::integer, false, integer, {}}; }
  static Value of(std::string_view text) { return {Kind::text, false, 0, text}; }
};

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

[[noreturn]] void wrong_column(const Value& value, const char* wanted);
// Throws Error unless every text is UTF-8 without NUL, which is all that PostgreSQL can keep.
void check_texts(std::span<const Value> args, std::string_view sql);
[[noreturn]] void wrong_row_count(std::string_view sql, const char* found);

// Integers, booleans (0/1), enumerations (as their numbers), Time (milliseconds), text, and
// optionals of these (NULL).
template <class T>
Value to_value(const T& value) {
  if constexpr (std::is_same_v<T, std::nullopt_t>) {
    return {};
  } else if constexpr (is_optional<T>::value) {
    if (value) return to_value(*value);
    Value null;
    null.kind = to_value(typename T::value_type{}).kind;
    return null;
  } else if constexpr (std::is_same_v<T, Time>) {
    return Value::of(to_millis(value));
  } else if constexpr (std::is_same_v<T, Duration>) {
    return Value::of(std::int64_t{value.count()});
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T> || std::is_enum_v<T>,
                  "SQL has no unsigned 64-bit integers");
    return Value::of(static_cast<std::int64_t>(value));
  } else {
    return Value::of(std::string_view(value));
  }
}

template <class T>
T from_value(const Value& value) {
  if constexpr (is_optional<T>::value) {
    if (value.null) return std::nullopt;
    return from_value<typename T::value_type>(value);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    if (value.null || value.kind != Value::Kind::text) wrong_column(value, "text");
    return T(value.text);
  } else {
    if (value.null || value.kind != Value::Kind::integer) wrong_column(value, "an integer");
    if constexpr (std::is_same_v<T, Time>) {
      return from_millis(value.integer);
    } else if constexpr (std::is_same_v<T, Duration>) {
      return Duration{value.integer};
    } else if constexpr (std::is_same_v<T, bool>) {
      return value.integer != 0;
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(value.integer);
    } else {
      static_assert(std::is_integral_v<T>, "not a type of a column");
      if (!std::in_range<T>(value.integer)) wrong_column(value, "an integer in range");
      return static_cast<T>(value.integer);
    }
  }
}

}  // namespace detail

// A prepared statement that is being run; its connection keeps it for the next time.
class Statement {
 public:
  // The next row into `row`, one Value for each column; false when there are no more. Throws
  // Error when the row has another number of columns.
  virtual bool next(std::span<Value> row) = 0;
  virtual std::int64_t affected() const = 0;  // rows changed, once next() returned false
  virtual void done() noexcept = 0;           // the run is over, ready for the next

 protected:
  ~Statement() = default;
};

namespace detail {

// Calls fn(column, …) for each row that is left.
template <class... Cols, class Fn>
void read_rows(Statement& statement, Fn&& fn) {
  std::array<Value, sizeof...(Cols)> row;
  while (statement.next(row)) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      std::tuple<Cols...> columns{detail::from_value<Cols>(row[i])...};
      fn(std::get<i>(columns)...);
    }(std::index_sequence_for<Cols...>{});
  }
}

}  // namespace detail

// One transaction, handed to the function that Database::read or Database::write runs, and valid
// only within it.
//
// A statement that failed spoils the transaction: fn lets the exception pass, and where it does
// not, the transaction is rolled back all the same.
//
// Parameters are named (":id, :name") and bound in the order in which their names first appear;
// the same name twice is one parameter. A prepared statement is kept for each SQL text, so texts
// are literals; what varies is a parameter. Texts are UTF-8 without NUL: others are an Error.
class Tx {
 public:
  // At most one row; more is an Error.
  template <class... Cols, class... Args>
  std::optional<std::tuple<Cols...>> one(std::string_view sql, const Args&... args) {
    std::optional<std::tuple<Cols...>> row;
    each<Cols...>(
        sql,
        [&](Cols&... values) {
          if (row) detail::wrong_row_count(sql, "more than one row");
          row.emplace(std::move(values)...);
        },
        args...);
    return row;
  }

  template <class... Cols, class... Args>
  std::vector<std::tuple<Cols...>> all(std::string_view sql, const Args&... args) {
    std::vector<std::tuple<Cols...>> rows;
    each<Cols...>(sql, [&](Cols&... values) { rows.emplace_back(std::move(values)...); }, args...);
    return rows;
  }

  // Calls fn(column, …) for each row. Spares the copies: a std::string_view column is valid
  // during the call. fn must not run the same SQL again.
  template <class... Cols, class Fn, class... Args>
  void each(std::string_view sql, Fn&& fn, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
    const Running statement(&start(sql, values));
    detail::read_rows<Cols...>(*statement, fn);
  }

  // Runs a statement without a result; returns the number of rows it changed. A conflict is
  // "ON CONFLICT … DO NOTHING" and 0.
  template <class... Args>
  std::int64_t run(std::string_view sql, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
    const Running statement(&start(sql, values));
    if (statement->next({})) detail::wrong_row_count(sql, "rows");
    return statement->affected();
  }

  // Runs a statement of whose outcome nothing depends within fn: on PostgreSQL it travels with the
  // next one, or with the commit, and costs no round trip. It fails when it fails: there.
  template <class... Args>
  void later(std::string_view sql, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
    start_later(sql, values, OnTakenKey::fail);
  }

  // The same with an INSERT whose key was made up: if it is taken, fn runs again, from the start,
  // and makes up another.
  template <class... Args>
  void insert_later(std::string_view sql, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
    start_later(sql, values, OnTakenKey::run_again);
  }

  // Runs one statement; `read` (a function of Statement&) takes what it gives.
  template <class Read>
  void run_one(std::string_view sql, std::span<const Value> args, const Read& read) {
    const Running statement(&start(sql, args));
    read(*statement);
  }

  // Runs statements without parameters, separated by semicolons, once; nothing is kept. For the
  // schema: they may take as long as they need.
  virtual void script(std::string_view sql) = 0;

  // To be appended to a SELECT whose rows this transaction is about to change: " FOR UPDATE" on
  // PostgreSQL, nothing on SQLite, where a write transaction is alone.
  virtual std::string_view for_update() const = 0;

  // The same for a SELECT that takes work to do: rows that another transaction holds are passed
  // over, not waited for.
  virtual std::string_view for_update_skip_locked() const = 0;

  // Sends `payload` (under 8000 bytes) to the Listeners of all nodes when this transaction
  // commits. SQLite has one node: nothing is sent.
  virtual void notify(std::string_view payload) = 0;

  // Calls fn(tx) when this write has done everything else, before it is committed: for rows that
  // many transactions write, so that they are locked shortly. By the order of the keys, so that
  // no two transactions wait for each other; of one key in the order of these calls. fn owns what
  // it needs: what called this has returned.
  void before_commit(std::string key, std::function<void(Tx&)> fn) {
    before_commit_.emplace_back(std::move(key), std::move(fn));
  }

  // Calls fn(tx) after all of that, directly before the commit: for what leaves the database and
  // cannot be undone. Where several writes share a commit (SQLite), once each has done everything
  // else: what one of them fails with undoes them all, and none has called this yet.
  void just_before_commit(std::function<void(Tx&)> fn) {
    just_before_commit_.push_back(std::move(fn));
  }

  // Calls fn once, on the database thread, when this write is durable and before its caller goes
  // on; dropped when it is rolled back. fn must not throw and not wait for the database.
  void after_commit(std::function<void()> fn) { after_commit_.push_back(std::move(fn)); }

  // Notes that this transaction holds a row until it ends, having locked or inserted it. It locks
  // nothing: it is for those to assert who rely on the lock that their caller took. The name of
  // the table is a literal.
  void note_held(std::string_view table, std::int64_t key) { held_.emplace_back(table, key); }
  bool holds(std::string_view table, std::int64_t key) const {
    // The last one first: mostly it is that.
    return std::find(held_.rbegin(), held_.rend(), std::pair(table, key)) != held_.rend();
  }

  // How long this operation waited before its function ran.
  Duration waited() const { return waited_; }

 protected:
  enum class OnTakenKey { fail, run_again };

  Tx() = default;
  ~Tx() = default;
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  // Prepares `sql` or finds it prepared, and binds `args`.
  virtual Statement& start(std::string_view sql, std::span<const Value> args) = 0;

  // At once, where there is no way to spare.
  virtual void start_later(std::string_view sql, std::span<const Value> args, OnTakenKey) {
    run_one(sql, args, [](Statement& statement) {
      while (statement.next({})) {
      }
    });
  }

  // Calls what before_commit() was given: for the code that runs the write, between its function
  // and the commit.
  void run_before_commit();
  // The same of just_before_commit(), after it.
  void run_just_before_commit();

  std::vector<std::function<void()>> after_commit_;
  Duration waited_{0};

 private:
  struct Done {
    void operator()(Statement* statement) const { statement->done(); }
  };
  using Running = std::unique_ptr<Statement, Done>;

  std::vector<std::pair<std::string, std::function<void(Tx&)>>> before_commit_;
  std::vector<std::function<void(Tx&)>> just_before_commit_;
  std::vector<std::pair<std::string_view, std::int64_t>> held_;
};

}  // namespace latchkey::db
