#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/db/postgres_session.h"
#include "platform/db/postgres_sql.h"
#include "platform/db/statement_cache.h"
#include "platform/db/tx.h"

namespace latchkey::db {

class PostgresConnection;

class PostgresStatement final : public Statement {
 public:
  PostgresStatement(std::string_view sql, std::string name);

  std::string_view sql() const { return sql_; }

  bool next(std::span<Value> row) override;
  std::int64_t affected() const override;
  void done() noexcept override;

 private:
  friend class PostgresConnection;

  const std::string sql_;
  const PostgresSql numbered_;
  const std::string name_;
  bool prepared_ = false;
  bool running_ = false;
  PostgresResult result_;
  int row_ = 0;
};

// A session with prepared statements and transactions, for one pool thread. What need not be waited
// for is kept in a pipeline and travels with what comes next: a BEGIN with the transaction's first
// statement, statements whose outcome nothing depends on with the next one, or with the commit. The
// end of a read is not waited for either. A lookup costs one round trip, and so does a transaction
// of one statement, which needs no BEGIN and no COMMIT.
class PostgresConnection {
 public:
  PostgresConnection(const std::string& url, const Options& options, ServerHistory& history)
      : session_(url, options, history) {}

  PostgresSession::Clock::time_point made_at() const { return session_.made_at(); }

  bool alive() const { return session_.alive(); }
  const std::string& server_run() const { return session_.server_run(); }
  void drop_notifications() { session_.drop_notifications(); }

  // Behind a pooler each transaction has to be opened: there is none of a single statement.
  bool pooled() const { return session_.pooled(); }

  void begin_read();
  // `synced`: its commit waits for the disk, as far as the server's settings say so.
  void begin_write(bool synced);
  // What comes is one statement, a transaction by itself: nothing begins, nothing is to be ended.
  void begin_one(bool writes);
  // Throws ConnectionLost when it cannot be known whether the commit took place.
  void commit();
  // Ends a read: sends its end, and waits for the answer.
  void send_end();
  void receive_end();
  void roll_back();

  Statement& start(std::string_view sql, std::span<const Value> args);
  // To be sent with what comes next. A taken key is a Conflict when it was made up.
  void start_later(std::string_view sql, std::span<const Value> args, bool made_up);
  void script(std::string_view sql);

  // Runs statements in one transaction that is nothing else, and keeps their answers until the next
  // run. None has taken place when it throws anything but ConnectionLost.
  void run_together(std::span<const OneStatement* const> statements, bool write);
  void read_answer(std::size_t number, const OneStatement& statement);

  // What the first statement failed with since this was last asked; null: nothing failed.
  std::exception_ptr take_failure() { return std::exchange(failure_, nullptr); }

 private:
  friend class PostgresStatement;

  // Parameters in libpq's form; the vectors are used again and again.
  struct Parameters {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    std::vector<unsigned> types;
    std::vector<std::array<char, 24>> numbers;
  };

  // What the pipeline holds, in the order in which it is answered.
  struct Step {
    enum class Kind : std::uint8_t { begin, opening, prepare, later, run, together, commit };
    Kind kind;
    PostgresStatement* statement = nullptr;
    bool made_up = false;
  };

  PostgresStatement& find(std::string_view sql, std::span<const Value> args);
  void bind(std::span<const Value> args);
  // Puts a statement, with its bound parameters, into the pipeline, behind what has to come first.
  void post(PostgresStatement& statement, Step::Kind kind, bool made_up = false);
  void post(const char* sql, Step::Kind kind);
  // Sends the pipeline and takes all answers. Throws what the first failure means.
  void finish_pipeline();
  void take_answer(const Step& step, PostgresResult result);
  // Runs `act`, and keeps what it throws as the failure.
  template <class Act>
  void noting_failure(Act act);

  PostgresSession session_;
  StatementCache<PostgresStatement> statements_;
  Parameters parameters_;
  const char* pending_begin_ = nullptr;
  bool pending_unsynced_ = false;  // to be said of what begins
  std::vector<Step> pipeline_;
  std::vector<std::pair<PostgresStatement*, PostgresResult>> together_;
  PostgresResult opening_;
  bool committed_ = false;      // as the newest commit was answered
  std::uint64_t prepared_ = 0;  // statements so far, for their names
  std::exception_ptr failure_;
};

class PostgresTx final : public Tx {
 public:
  // Where notify() sends to.
  static constexpr std::string_view channel = "latchkey";

  explicit PostgresTx(PostgresConnection& connection, Duration waited = Duration{0})
      : connection_(connection) {
    waited_ = waited;
  }

  void script(std::string_view sql) override { connection_.script(sql); }
  std::string_view for_update() const override { return " FOR UPDATE"; }
  std::string_view for_update_skip_locked() const override { return " FOR UPDATE SKIP LOCKED"; }
  void notify(std::string_view payload) override;

  using Tx::run_before_commit;
  using Tx::run_just_before_commit;
  std::vector<std::function<void()>> take_hooks() { return std::move(after_commit_); }

 protected:
  Statement& start(std::string_view sql, std::span<const Value> args) override {
    return connection_.start(sql, args);
  }
  void start_later(std::string_view sql, std::span<const Value> args, OnTakenKey taken) override {
    connection_.start_later(sql, args, taken == OnTakenKey::run_again);
  }

 private:
  PostgresConnection& connection_;
};

}  // namespace latchkey::db
