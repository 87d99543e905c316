#include "platform/db/database.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "platform/db/postgres_database.h"
#include "platform/db/sqlite_database.h"

namespace latchkey::db {

namespace asio = boost::asio;

Task<void> Database::perform(Access access, Job job) {
  using Token = asio::use_awaitable_t<Executor>;
  return asio::async_initiate<const Token, void(std::exception_ptr)>(
      [this, access, job](auto handler) {
        // The guard keeps the caller's io_context running until its coroutine has been resumed.
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        submit(access, job,
               [handler = std::move(handler),
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

void Database::perform_now(Access access, Job job) {
  std::promise<void> finished;
  submit(access, job, [&](std::exception_ptr error) {
    if (error) {
      finished.set_exception(std::move(error));
    } else {
      finished.set_value();
    }
  });
  finished.get_future().get();
}

std::unique_ptr<Database> open(std::string_view url, const Options& options) {
  if (url.starts_with("sqlite:///")) {
    return open_sqlite(std::string(url.substr(9)), options);
  }
  if (url.starts_with("sqlite:") && url.size() > 7 && !url.starts_with("sqlite:/")) {
    return open_sqlite(std::string(url.substr(7)), options);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return open_postgres(std::string(url), options);
  }
  throw Refused("the database's URL begins with sqlite:/// (and a path) or postgresql://");
}

}  // namespace latchkey::db
