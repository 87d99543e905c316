// What many callers at once have written durably, without HTTP and without passwords. Prints one
// JSON object.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/durable_work.h"
#include "bench/program.h"

namespace latchkey::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Progress {
  std::size_t next = 0;
  std::size_t done = 0;
  Steady::time_point end;
};

void rethrow(std::exception_ptr fault) {
  if (fault) std::rethrow_exception(fault);
}

Task<void> prepare_all(DurableWork& work, std::size_t callers) {
  for (std::size_t i = 0; i < callers; ++i) co_await work.prepare(i);
}

// One caller: the next piece begins when the last one is durable.
Task<void> work_on(DurableWork& work, std::size_t caller, Progress& progress) {
  while (Steady::now() < progress.end) {
    co_await work.once(caller, progress.next++);
    ++progress.done;
  }
}

std::unique_ptr<DurableWork> work_named(const std::string& name, Store& store, std::size_t users) {
  if (name == "logins") return logins(store, users);
  if (name == "refreshes") return refreshes(store);
  if (name == "codes") return code_flows(store);
  throw std::runtime_error("--of: expected logins, refreshes or codes");
}

int run(int argc, char** argv) {
  std::string directory;
  std::string name = "logins";
  std::size_t users = 1000;
  std::size_t callers = 64;
  double seconds = 3;
  CLI::App app{"Durable writes without HTTP and passwords."};
  app.add_option("--directory", directory, "A folder that seed has filled")->required();
  app.add_option("--of", name, "logins, refreshes or codes");
  app.add_option("--users", users, "How many users it has");
  app.add_option("--callers", callers, "How many at the same time");
  app.add_option("--seconds", seconds, "How long");
  CLI11_PARSE(app, argc, argv);

  Store store(directory);
  const auto work = work_named(name, store, users);
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, prepare_all(*work, callers), rethrow);
  io.run();
  io.restart();

  Progress progress;
  const std::uint64_t commits_before = store.db().stats().commits;
  const auto start = Steady::now();
  progress.end =
      start + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  for (std::size_t i = 0; i < callers; ++i) {
    boost::asio::co_spawn(io, work_on(*work, i, progress), rethrow);
  }
  io.run();
  const std::chrono::duration<double> took = Steady::now() - start;
  std::printf("{\"done\": %zu, \"rate\": %.1f, \"commits\": %llu}\n", progress.done,
              static_cast<double>(progress.done) / took.count(),
              static_cast<unsigned long long>(store.db().stats().commits - commits_before));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("group_commit", latchkey::bench::run, argc, argv);
}
