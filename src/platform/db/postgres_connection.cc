#include "platform/db/postgres_connection.h"

#include <libpq-fe.h>

#include <charconv>

namespace latchkey::db {
namespace {

// Object identifiers of the built-in types (pg_type.dat).
constexpr Oid bool_type = 16;
constexpr Oid int8_type = 20;
constexpr Oid int2_type = 21;
constexpr Oid int4_type = 23;
constexpr Oid text_type = 25;
constexpr Oid float4_type = 700;
constexpr Oid float8_type = 701;
constexpr Oid numeric_type = 1700;  // what sum() of integers gives

Oid type_of(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::integer:
      return int8_type;
    case Value::Kind::text:
      return text_type;
    case Value::Kind::none:
      break;
  }
  return 0;  // PostgreSQL infers it
}

Value column(const PGresult* result, int row, int i, std::string_view sql) {
  if (PQgetisnull(result, row, i)) return {};
  const std::string_view text(PQgetvalue(result, row, i),
                              static_cast<std::size_t>(PQgetlength(result, row, i)));
  switch (PQftype(result, i)) {
    case bool_type:
      return Value::of(std::int64_t{text == "t"});
    case int2_type:
    case int4_type:
    case int8_type:
    case numeric_type: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc{} && end == text.data() + text.size()) return Value::of(number);
      [[fallthrough]];
    }
    case float4_type:
    case float8_type:
      throw Error("a column holds a real number: " + std::string(sql));
    default:
      return Value::of(text);
  }
}

}  // namespace

PostgresStatement::PostgresStatement(std::string_view sql, std::string name)
    : sql_(sql), numbered_(number_parameters(sql)), name_(std::move(name)) {}

bool PostgresStatement::next(std::span<Value> row) {
  if (row_ >= PQntuples(result_.get())) return false;
  const int columns = PQnfields(result_.get());
  if (!row.empty() && std::cmp_not_equal(row.size(), columns)) {
    throw Error(std::to_string(columns) + " columns instead of " + std::to_string(row.size()) +
                ": " + sql_);
  }
  for (int i = 0; i < static_cast<int>(row.size()); ++i) {
    row[static_cast<std::size_t>(i)] = column(result_.get(), row_, i, sql_);
  }
  ++row_;
  return true;
}

std::int64_t PostgresStatement::affected() const {
  const std::string_view count = PQcmdTuples(result_.get());
  std::int64_t number = 0;
  std::from_chars(count.data(), count.data() + count.size(), number);
  return number;
}

void PostgresStatement::done() noexcept {
  result_.reset();
  running_ = false;
}

template <class Act>
void PostgresConnection::noting_failure(Act act) {
  try {
    act();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    throw;
  }
}

void PostgresConnection::begin_read() {
  session_.set_reading(true);
  pending_begin_ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

void PostgresConnection::begin_write() {
  session_.set_reading(false);
  // Not READ WRITE: that would override an operator's default_transaction_read_only.
  pending_begin_ = "BEGIN ISOLATION LEVEL READ COMMITTED";
}

void PostgresConnection::commit() {
  if (std::exchange(pending_begin_, nullptr)) return;  // there was no statement
  const PostgresResult result = session_.execute("COMMIT");
  // A transaction that had failed answers ROLLBACK.
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
    throw Error("the transaction was rolled back");
  }
}

void PostgresConnection::send_end() {
  if (!pending_begin_) session_.send("COMMIT");
}

void PostgresConnection::receive_end() {
  if (std::exchange(pending_begin_, nullptr)) return;
  while (session_.receive()) {
  }
}

void PostgresConnection::roll_back() {
  if (std::exchange(pending_begin_, nullptr)) return;
  session_.execute("ROLLBACK");
}

Statement& PostgresConnection::start(std::string_view sql, std::span<const Value> args) {
  detail::check_texts(args, sql);
  PostgresStatement& statement = statements_.find(sql, [&] {
    return std::make_unique<PostgresStatement>(sql, "s" + std::to_string(++prepared_));
  });
  if (statement.running_) throw Error("run again while its rows are being read: " + statement.sql_);
  if (std::cmp_not_equal(args.size(), statement.numbered_.parameters)) {
    throw Error(std::to_string(args.size()) + " parameters given, " +
                std::to_string(statement.numbered_.parameters) + " named: " + statement.sql_);
  }
  bind(args);
  noting_failure([&] { run(statement); });
  statement.running_ = true;
  return statement;
}

void PostgresConnection::script(std::string_view sql) {
  noting_failure([&] {
    if (const char* begin = std::exchange(pending_begin_, nullptr)) {
      session_.execute(begin);
      if (session_.pooled()) {
        session_.check_opening(session_.execute(session_.opening()).get());
      }
    }
    session_.execute_patiently(std::string(sql));
  });
}

void PostgresConnection::bind(std::span<const Value> args) {
  Parameters& p = parameters_;
  p.values.resize(args.size());
  p.lengths.resize(args.size());
  p.formats.resize(args.size());
  p.types.resize(args.size());
  p.numbers.resize(args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Value& arg = args[i];
    p.types[i] = type_of(arg.kind);
    p.formats[i] = arg.kind == Value::Kind::text ? 1 : 0;  // text as it is, numbers as digits
    p.lengths[i] = static_cast<int>(arg.text.size());
    if (arg.null) {
      p.values[i] = nullptr;
    } else if (arg.kind == Value::Kind::text) {
      p.values[i] = arg.text.empty() ? "" : arg.text.data();
    } else {
      auto& digits = p.numbers[i];
      *std::to_chars(digits.data(), digits.data() + digits.size() - 1, arg.integer).ptr = '\0';
      p.values[i] = digits.data();
    }
  }
}

// One round trip: a pipeline of what has to come first, and the statement.
void PostgresConnection::run(PostgresStatement& statement) {
  pg_conn* const pg = session_.handle();
  const int count = statement.numbered_.parameters;
  const char* const begin = std::exchange(pending_begin_, nullptr);
  // What is prepared stays with the server's session, which a pooler gives to others.
  const bool pooled = session_.pooled();
  const bool prepare = !pooled && !statement.prepared_;
  const auto send_alone = [pg](const char* sql) {
    return PQsendQueryParams(pg, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
  };
  const auto send_statement = [&] {
    if (pooled) {
      return PQsendQueryParams(pg, statement.numbered_.text.c_str(), count,
                               parameters_.types.data(), parameters_.values.data(),
                               parameters_.lengths.data(), parameters_.formats.data(), 0) != 0;
    }
    return PQsendQueryPrepared(pg, statement.name_.c_str(), count, parameters_.values.data(),
                               parameters_.lengths.data(), parameters_.formats.data(), 0) != 0;
  };
  const bool opens = begin && pooled;
  const bool sent =
      PQenterPipelineMode(pg) && (!begin || send_alone(begin)) &&
      (!opens || send_alone(session_.opening().c_str())) &&
      (!prepare || PQsendPrepare(pg, statement.name_.c_str(), statement.numbered_.text.c_str(),
                                 count, parameters_.types.data())) &&
      send_statement() && PQpipelineSync(pg);
  if (!sent) session_.fail_connection();
  session_.flush();

  PostgresResult failed;
  PostgresResult opening;
  int left = (begin ? 1 : 0) + (opens ? 1 : 0) + (prepare ? 1 : 0) + 1;
  for (;;) {
    PostgresResult result = session_.receive();
    if (!result) continue;  // the end of one step
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_PIPELINE_ABORTED) continue;
    if (status == PGRES_FATAL_ERROR) {
      if (!failed) failed = std::move(result);
      continue;
    }
    if (left == 2 && prepare) statement.prepared_ = true;
    if (left == 2 && opens) opening = std::move(result);
    if (left == 1) statement.result_ = std::move(result);
    --left;
  }
  if (!PQexitPipelineMode(pg)) session_.fail_connection();
  if (opening) session_.check_opening(opening.get());
  if (failed) session_.check(failed.get(), statement.sql_);
  statement.row_ = 0;
}

void PostgresTx::notify(std::string_view payload) {
  // pg_notify() returns void, which reads as an empty text.
  one<std::string>("SELECT pg_notify(:channel, :payload)", channel, payload);
}

}  // namespace latchkey::db
