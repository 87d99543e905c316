#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "domain/sessions/samples_testing.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"
#include "platform/db/engines_testing.h"

// Sessions over a real database, with a clock that is moved by hand.
namespace latchkey::sessions::testing {

// Runs a coroutine to its end on this thread and returns what it returned.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context context;
  std::optional<T> result;
  std::exception_ptr fault;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, T value) {
    fault = thrown;
    if (!fault) result = std::move(value);
  });
  context.run();
  if (fault) std::rethrow_exception(fault);
  return std::move(*result);
}

// Whether `condition` becomes true, however slow the machine is.
template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

class TestSessions {
 public:
  static constexpr std::size_t kWorkers = 4;

  explicit TestSessions(db::Dialect dialect, const Policy& policy = sample_policy());
  ~TestSessions();

  Sessions& operator*() { return *sessions_; }
  Sessions* operator->() { return sessions_.get(); }
  db::Database& db() { return *database_; }
  // For what stands beside the sessions; another one after a crash.
  const Ground& ground() { return *ground_; }
  ManualClock clock{kNoon};
  // What is told; whoever listens to it is to be wired before anything happens.
  events::Events events;

  // Nothing that was not written survives, as in a crash; the clock goes on.
  void crash();
  // The same with other options.
  void crash_and_take(const Policy& policy);

  // --- what a person and a client do ---

  struct SignedIn {
    Session session;
    TokenPair tokens;

    SessionId id() const { return session.record.id; }
    const std::string& access() const { return tokens.access_token; }
    const std::string& refresh() const { return tokens.refresh_token.value(); }
  };

  // Of a client that takes refresh tokens, on a device of that name or a new one.
  static NewSession refreshing(std::optional<std::string> device_id = {});

  Account add_user(const std::string& localpart = "alice");
  SignedIn sign_in(const Account& account, const NewSession& wanted = refreshing());
  std::expected<Session, StartRefusal> start(const Account& account, const NewSession& wanted);

  // As a surface asks: what is remembered first, the database then.
  Standing check(std::string_view token, Duration slack = Duration{0}, std::size_t worker = 0);
  // The same without what is remembered.
  Verdict look(std::string_view token, std::size_t worker = 0);
  bool remembers(std::string_view token, std::size_t worker = 0);
  std::expected<TokenPair, Standing> refresh(std::string_view token, std::size_t worker = 0);
  std::expected<void, Standing> sign_out(std::string_view token);
  std::expected<void, Standing> sign_out_everywhere(std::string_view token);

  // Calls make(Use) `each` times on each of kWorkers threads at once; returns what the tasks
  // returned. A fault of any is thrown.
  template <class Make>
  auto race(std::size_t each, Make make);

  // --- the rows ---

  Session session(SessionId id);
  Record row(SessionId id) { return session(id).record; }
  bool has_row(SessionId id);
  // As a restored backup has it.
  void put_back(const Record& row);
  void lose_row(SessionId id);
  template <class... Args>
  std::int64_t sql(std::string_view text, const Args&... args) {
    return db().write_now([&](db::Tx& tx) { return tx.run(text, args...); });
  }
  template <class... Args>
  std::int64_t count(std::string_view text, const Args&... args) {
    return db().read_now(
        [&](db::Tx& tx) { return std::get<0>(*tx.one<std::int64_t>(text, args...)); });
  }
  void lock(const Account& account, bool locked = true);
  void suspend(const Account& account);

  const std::vector<std::string>& log() const { return log_; }
  std::string key_file() const { return (database_.file().parent_path() / "keys").string(); }
  static Use use(std::size_t worker = 0) {
    return {.worker = worker, .address = "192.0.2.1", .user_agent = "Client/1.0"};
  }

 private:
  void make_sessions();

  db::TestDatabase database_;
  Policy policy_;
  telemetry::Registry metrics_{kWorkers};
  std::vector<std::string> log_;
  std::optional<IdSource> ids_;
  std::optional<Ground> ground_;
  std::unique_ptr<Sessions> sessions_;
};

template <class Make>
auto TestSessions::race(std::size_t each, Make make) {
  using Result = typename std::invoke_result_t<Make&, Use>::value_type;
  struct Lane {
    boost::asio::io_context context;
    std::vector<Result> results;
    std::exception_ptr fault;
  };
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t worker = 0; worker < kWorkers; ++worker) {
    Lane& lane = *lanes.emplace_back(std::make_unique<Lane>());
    for (std::size_t i = 0; i < each; ++i) {
      boost::asio::co_spawn(lane.context, make(use(worker)),
                            [&lane](std::exception_ptr thrown, Result result) {
                              if (thrown) {
                                lane.fault = thrown;
                              } else {
                                lane.results.push_back(std::move(result));
                              }
                            });
    }
  }
  {
    std::vector<std::jthread> threads;
    for (const auto& lane : lanes) threads.emplace_back([&lane] { lane->context.run(); });
  }
  std::vector<Result> all;
  for (const auto& lane : lanes) {
    if (lane->fault) std::rethrow_exception(lane->fault);
    std::move(lane->results.begin(), lane->results.end(), std::back_inserter(all));
  }
  return all;
}

// The base of tests that run on both engines.
class OnEachEngine : public ::testing::TestWithParam<db::Dialect> {
 protected:
  TestSessions server_{GetParam()};
};

}  // namespace latchkey::sessions::testing
