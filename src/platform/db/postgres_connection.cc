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

// Of steps: the answers of as many fit the buffers of the connection.
constexpr std::size_t longest_pipeline = 128;

// For the transaction alone: a pooler gives the session to others.
constexpr const char* unsynced = "SET LOCAL synchronous_commit TO OFF";

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
  pending_unsynced_ = false;
}

void PostgresConnection::begin_write(bool synced) {
  session_.set_reading(false);
  // Not READ WRITE: that would override an operator's default_transaction_read_only.
  pending_begin_ = "BEGIN ISOLATION LEVEL READ COMMITTED";
  pending_unsynced_ = !synced;
}

void PostgresConnection::begin_one(bool writes) {
  session_.set_reading(!writes);
  pending_begin_ = nullptr;
}

void PostgresConnection::commit() {
  if (std::exchange(pending_begin_, nullptr)) return;  // there was no statement
  committed_ = false;
  post("COMMIT", Step::Kind::commit);
  finish_pipeline();
  // A transaction that had failed answers ROLLBACK.
  if (!committed_) throw Error("the transaction was rolled back");
}

void PostgresConnection::send_end() {
  if (!pipeline_.empty()) finish_pipeline();
  if (!pending_begin_) session_.send("COMMIT");
}

void PostgresConnection::receive_end() {
  if (std::exchange(pending_begin_, nullptr)) return;
  while (session_.receive()) {
  }
}

void PostgresConnection::roll_back() {
  if (std::exchange(pending_begin_, nullptr)) return;
  if (!pipeline_.empty()) {
    try {
      finish_pipeline();
    } catch (const ConnectionLost&) {
      throw;
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is being undone
    }
  }
  if (PQtransactionStatus(session_.handle()) != PQTRANS_IDLE) session_.execute("ROLLBACK");
}

PostgresStatement& PostgresConnection::find(std::string_view sql, std::span<const Value> args) {
  detail::check_texts(args, sql);
  PostgresStatement& statement = statements_.find(sql, [&] {
    return std::make_unique<PostgresStatement>(sql, "s" + std::to_string(++prepared_));
  });
  if (std::cmp_not_equal(args.size(), statement.numbered_.parameters)) {
    throw Error(std::to_string(args.size()) + " parameters given, " +
                std::to_string(statement.numbered_.parameters) + " named: " + statement.sql_);
  }
  return statement;
}

Statement& PostgresConnection::start(std::string_view sql, std::span<const Value> args) {
  PostgresStatement& statement = find(sql, args);
  if (statement.running_) throw Error("run again while its rows are being read: " + statement.sql_);
  bind(args);
  noting_failure([&] {
    post(statement, Step::Kind::run);
    finish_pipeline();
  });
  statement.row_ = 0;
  statement.running_ = true;
  return statement;
}

void PostgresConnection::start_later(std::string_view sql, std::span<const Value> args,
                                     bool made_up) {
  PostgresStatement& statement = find(sql, args);
  bind(args);
  noting_failure([&] {
    post(statement, Step::Kind::later, made_up);
    if (pipeline_.size() >= longest_pipeline) finish_pipeline();
  });
}

void PostgresConnection::script(std::string_view sql) {
  noting_failure([&] {
    if (!pipeline_.empty()) finish_pipeline();
    if (const char* begin = std::exchange(pending_begin_, nullptr)) {
      session_.execute(begin);
      if (session_.pooled()) {
        session_.check_opening(session_.execute(session_.opening()).get());
      }
      if (pending_unsynced_) session_.execute(unsynced);
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

void PostgresConnection::post(const char* sql, Step::Kind kind) {
  pg_conn* const pg = session_.handle();
  if (!PQenterPipelineMode(pg) ||
      !PQsendQueryParams(pg, sql, 0, nullptr, nullptr, nullptr, nullptr, 0)) {
    session_.fail_connection();
  }
  pipeline_.push_back({.kind = kind});
}

void PostgresConnection::post(PostgresStatement& statement, Step::Kind kind, bool made_up) {
  if (const char* begin = std::exchange(pending_begin_, nullptr)) {
    post(begin, Step::Kind::begin);
    if (session_.pooled()) post(session_.opening().c_str(), Step::Kind::opening);
    if (pending_unsynced_) post(unsynced, Step::Kind::begin);
  }
  pg_conn* const pg = session_.handle();
  const int count = statement.numbered_.parameters;
  if (!PQenterPipelineMode(pg)) session_.fail_connection();
  // What is prepared stays with the server's session, which a pooler gives to others.
  const bool pooled = session_.pooled();
  if (!pooled && !statement.prepared_) {
    if (!PQsendPrepare(pg, statement.name_.c_str(), statement.numbered_.text.c_str(), count,
                       parameters_.types.data())) {
      session_.fail_connection();
    }
    statement.prepared_ = true;  // unless its answer says otherwise
    pipeline_.push_back({.kind = Step::Kind::prepare, .statement = &statement});
  }
  const int sent =
      pooled ? PQsendQueryParams(pg, statement.numbered_.text.c_str(), count,
                                 parameters_.types.data(), parameters_.values.data(),
                                 parameters_.lengths.data(), parameters_.formats.data(), 0)
             : PQsendQueryPrepared(pg, statement.name_.c_str(), count, parameters_.values.data(),
                                   parameters_.lengths.data(), parameters_.formats.data(), 0);
  if (sent == 0) session_.fail_connection();
  pipeline_.push_back({.kind = kind, .statement = &statement, .made_up = made_up});
}

// After the first failure the server skips the rest, to the end of the pipeline.
void PostgresConnection::finish_pipeline() {
  pg_conn* const pg = session_.handle();
  const std::vector<Step> steps = std::exchange(pipeline_, {});
  if (!PQpipelineSync(pg)) session_.fail_connection();
  session_.flush();

  opening_.reset();
  PostgresResult failed;
  const Step* failed_step = nullptr;
  auto step = steps.begin();
  for (;;) {
    PostgresResult result = session_.receive();
    if (!result) continue;  // the end of one step
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (step == steps.end()) session_.fail_connection();
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (good) {
      take_answer(*step, std::move(result));
    } else {
      if (step->kind == Step::Kind::prepare) step->statement->prepared_ = false;
      if (!failed && status != PGRES_PIPELINE_ABORTED) {
        failed = std::move(result);
        failed_step = &*step;
      }
    }
    ++step;
  }
  if (!PQexitPipelineMode(pg)) session_.fail_connection();
  if (opening_) session_.check_opening(opening_.get());
  if (!failed) return;
  const std::string_view sql =
      failed_step->statement ? failed_step->statement->sql() : std::string_view();
  if (failed_step->made_up && PostgresSession::key_taken(failed.get())) {
    throw Conflict("a made-up key is taken: " + std::string(sql));
  }
  session_.check(failed.get(), sql);
}

void PostgresConnection::take_answer(const Step& step, PostgresResult result) {
  if (step.kind == Step::Kind::commit) {
    committed_ = std::string_view(PQcmdStatus(result.get())) == "COMMIT";
  } else if (step.kind == Step::Kind::opening) {
    opening_ = std::move(result);
  } else if (step.kind == Step::Kind::run) {
    step.statement->result_ = std::move(result);
  } else if (step.kind == Step::Kind::together) {
    together_.emplace_back(step.statement, std::move(result));
  }
}

// What comes before the end of a pipeline that begins no transaction is one.
void PostgresConnection::run_together(std::span<const OneStatement* const> statements, bool write) {
  begin_one(write);
  together_.clear();
  // All of them before any is sent: what was sent would take place.
  for (const OneStatement* one : statements) find(one->text(true), one->args);
  noting_failure([&] {
    for (const OneStatement* one : statements) {
      bind(one->args);
      post(find(one->text(true), one->args), Step::Kind::together);
    }
    finish_pipeline();
  });
}

void PostgresConnection::read_answer(std::size_t number, const OneStatement& statement) {
  auto& [of, result] = together_.at(number);
  of->result_ = std::move(result);
  of->row_ = 0;
  statement.read(statement.into, *of);
  of->done();
}

void PostgresTx::notify(std::string_view payload) {
  later("SELECT pg_notify(:channel, :payload)", channel, payload);
}

}  // namespace latchkey::db
