// The statements of a login, committed durably by many callers at once, without HTTP and without
// passwords: what the database alone can do. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/store.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Progress {
  std::size_t next = 0;
  std::size_t done = 0;
  Steady::time_point end;
};

// One caller: the next login begins when the last one is durable. As PasswordSignin::login does
// it, but for the hash.
Task<void> log_in_again_and_again(Store& store, std::size_t users, Progress& progress) {
  while (Steady::now() < progress.end) {
    const std::size_t number = progress.next++;
    const auto user = co_await store.db().read(
        [&](db::Tx& tx) { return accounts::find_user(tx, user_name(number % users)); });
    const auto session = co_await store.db().write([&](db::Tx& tx) {
      const auto account = sessions::lock_account(tx, user.value().account.id);
      return store.sessions().start(tx, account.value(), session_wanted(number));
    });
    store.sessions().tokens_of(0, session.value().record);
    ++progress.done;
  }
}

int run(int argc, char** argv) {
  std::string directory;
  std::size_t users = 1000;
  std::size_t callers = 64;
  double seconds = 3;
  CLI::App app{"Durable logins without HTTP and passwords."};
  app.add_option("--directory", directory, "A folder that seed has filled")->required();
  app.add_option("--users", users, "How many users it has");
  app.add_option("--callers", callers, "Logins at the same time");
  app.add_option("--seconds", seconds, "How long");
  CLI11_PARSE(app, argc, argv);

  Store store(directory);
  boost::asio::io_context io{1};
  Progress progress;
  const auto start = Steady::now();
  progress.end =
      start + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  for (std::size_t i = 0; i < callers; ++i) {
    boost::asio::co_spawn(io, log_in_again_and_again(store, users, progress),
                          [](std::exception_ptr fault) {
                            if (fault) std::rethrow_exception(fault);
                          });
  }
  io.run();
  const std::chrono::duration<double> took = Steady::now() - start;
  const db::Stats stats = store.db().stats();
  std::printf("{\"logins\": %zu, \"rate\": %.1f, \"commits\": %llu}\n", progress.done,
              static_cast<double>(progress.done) / took.count(),
              static_cast<unsigned long long>(stats.commits));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  try {
    return latchkey::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "group_commit: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
