// What signing in to the same device costs, as programs do it that sign in at each of their starts:
// early on, and after many times. Prints one JSON object.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "bench/program.h"
#include "bench/store.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::bench {
namespace {

constexpr Duration kBetweenStarts = std::chrono::minutes{1};

double cpu_us() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

std::int64_t bytes(Store& store) {
  return store.db().read_now([](db::Tx& tx) {
    const auto pages = tx.one<std::int64_t>("SELECT page_count FROM pragma_page_count");
    const auto size = tx.one<std::int64_t>("SELECT page_size FROM pragma_page_size");
    return std::get<0>(*pages) * std::get<0>(*size);
  });
}

int run(int argc, char** argv) {
  std::string directory;
  int times = 8000;
  int batch = 500;
  CLI::App app{"Signing in to the same device, again and again."};
  app.add_option("--directory", directory, "An empty folder")->required();
  app.add_option("--times", times, "How often");
  app.add_option("--batch", batch, "How many are one figure");
  CLI11_PARSE(app, argc, argv);

  // A heartbeat passes between the starts of a program: a session whose row is missing must be old
  // enough not to be taken for one that was lost.
  ManualClock clock{SystemClock().now()};
  Store store(directory, &clock);
  sessions::Account account;
  account.localpart = user_name(0);
  account.id = store.ground().ids.next<UserId>(store.now());
  store.db().write_now([&](db::Tx& tx) {
    accounts::insert_user(tx, account.id, account.localpart, "", false, store.now());
  });
  sessions::NewSession wanted = session_wanted(0);
  wanted.device_id = "BOT";

  std::printf("{\"batch\": %d, \"cpu_us\": [", batch);
  std::int64_t bytes_at_first = 0;
  for (int done = 0; done < times; done += batch) {
    double cpu = 0;
    for (int i = 0; i < batch; ++i) {
      clock.advance(kBetweenStarts);
      store.sessions().heartbeat();
      const double before = cpu_us();
      store.db().write_now([&](db::Tx& tx) {
        const auto locked = sessions::lock_account(tx, account.id);
        if (!store.sessions().start(tx, locked.value(), wanted)) {
          throw std::runtime_error("a sign-in was refused");
        }
      });
      cpu += cpu_us() - before;
    }
    if (done == 0) bytes_at_first = bytes(store);
    std::printf("%s%.1f", done == 0 ? "" : ", ", cpu / batch);
  }
  std::printf("], \"bytes_each\": %.1f}\n",
              static_cast<double>(bytes(store) - bytes_at_first) / (times - batch));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("same_device", latchkey::bench::run, argc, argv);
}
