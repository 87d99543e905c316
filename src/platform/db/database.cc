#include "platform/db/database.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "platform/db/do_first.h"
#include "platform/db/postgres_database.h"
#include "platform/db/sqlite_database.h"
#include "platform/db/url.h"

namespace latchkey::db {

namespace asio = boost::asio;

namespace {

// What was done for one round can be made void by others before the next.
constexpr int kMostRounds = 5;

template <class Attempt>
Task<void> until_nothing_is_first(Attempt attempt) {
  std::vector<DoFirst::Held> held;
  for (int round = 0; round < kMostRounds; ++round) {
    std::optional<DoFirst> first;
    try {
      co_await attempt();
      co_return;
    } catch (const DoFirst& thrown) {
      first = thrown;
    }
    held.push_back(co_await first->work()());
  }
  throw Unavailable("what a write needed was undone again and again");
}

}  // namespace

void Database::on_trouble(std::function<void(std::string_view)> fn) {
  const std::lock_guard lock(trouble_mutex_);
  on_trouble_ = std::move(fn);
}

void Database::report(std::string_view sentence) {
  const std::lock_guard lock(trouble_mutex_);
  if (on_trouble_) on_trouble_(sentence);
}

void OneStatement::operator()(Tx& tx) const {
  if (patience && tx.waited() > *patience) {
    throw Unavailable("a statement waited too long for its turn");
  }
  const bool locks = !tx.for_update().empty();
  for (const OneStatement* one = this; one != nullptr; one = one->then) {
    tx.run_one(one->text(locks), one->args,
               [one](Statement& statement) { one->read(one->into, statement); });
  }
}

template <class Begin>
Task<void> Database::completed(Begin begin) {
  using Token = asio::use_awaitable_t<Executor>;
  return asio::async_initiate<const Token, void(std::exception_ptr)>(
      [begin = std::move(begin)](auto handler) {
        // The guard keeps the caller's io_context running until its coroutine has been resumed.
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        begin([handler = std::move(handler),
               guard = std::move(guard)](std::exception_ptr error) mutable {
          asio::post(guard.get_executor(),
                     [handler = std::move(handler), error = std::move(error)]() mutable {
                       std::move(handler)(std::move(error));
                     });
          guard.reset();
        });
      },
      Token{});
}

Task<void> Database::perform(Access access, Job job) {
  auto attempt = [this, access, job] {
    return completed(
        [this, access, job](Completion done) { submit(access, job, std::move(done)); });
  };
  if (access == Access::read) return attempt();
  return until_nothing_is_first(std::move(attempt));
}

Task<void> Database::read_one(OneStatement statement) {
  if (dialect() == Dialect::sqlite) {
    read_blocking(Job(statement));
    co_return;
  }
  co_await completed([this, &statement](Completion done) {
    submit_one(Access::read, statement, std::move(done));
  });
}

Task<void> Database::write_one(OneStatement statement) {
  co_await completed([this, &statement](Completion done) {
    submit_one(Access::write, statement, std::move(done));
  });
}

void Database::perform_now(Access access, Job job) {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::exception_ptr failure;
  submit(access, job, [&](std::exception_ptr error) {
    // Under the lock to the end: the caller's frame, and all of these, are gone after it.
    const std::lock_guard lock(mutex);
    failure = std::move(error);
    done = true;
    finished.notify_one();
  });
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return done; });
  if (failure) std::rethrow_exception(std::move(failure));
}

std::unique_ptr<Database> open(std::string_view url, const Options& options) {
  if (const auto file = sqlite_file_of(url)) return open_sqlite(*file, options);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return open_postgres(std::string(url), options);
  }
  throw Refused("the database's URL begins with sqlite:/// (and a path) or postgresql://");
}

}  // namespace latchkey::db
