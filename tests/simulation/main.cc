// ./dev simulate: runs histories until one breaks a promise, or as many or as long as was asked
// for.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>

#include "simulation/pretence.h"
#include "simulation/world.h"

namespace latchkey::simulation {
namespace {

struct Settings {
  std::uint64_t base = 0;
  std::uint64_t seeds = 0;    // 0: as many as fit into the time
  std::uint64_t seconds = 0;  // 0: as long as it takes
  std::size_t actions = 300;
  std::size_t jobs = 1;
  bool trace = false;
  std::string junit;
};

// What the processes have in common.
struct Shared {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> histories{0};
  std::atomic<std::uint64_t> steps{0};
  std::atomic<std::uint64_t> answers{0};
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> clients{0};
  std::atomic<bool> broken{false};
  std::atomic<bool> differs{false};  // one that ran twice
  std::atomic<std::uint64_t> broken_seed{0};
  // What each process is at, so that the seed it dies of is known.
  static constexpr std::size_t kMostJobs = 256;
  std::array<std::atomic<std::uint64_t>, kMostJobs> at{};
};

// In memory where there is such a place: key files are written durably.
std::string folder() {
  const std::filesystem::path memory = "/dev/shm";
  const auto within =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  return within / fmt::format("latchkey-simulation-{}", static_cast<int>(getpid()));
}

bool over(const Settings& settings, const Shared& shared, std::chrono::nanoseconds began) {
  if (shared.broken) return true;
  if (settings.seeds > 0 && shared.next >= settings.seeds) return true;
  return settings.seconds > 0 &&
         real_time() - began >= std::chrono::seconds{static_cast<std::int64_t>(settings.seconds)};
}

// One in so many runs twice: a seed has to replay exactly.
constexpr std::uint64_t kRunAgain = 50;

void work(const Settings& settings, Shared& shared, std::size_t job,
          std::chrono::nanoseconds began) {
  Workshop workshop(folder());
  while (!over(settings, shared, began)) {
    const std::uint64_t number = shared.next.fetch_add(1);
    if (settings.seeds > 0 && number >= settings.seeds) return;
    const std::uint64_t seed = settings.base + number;
    shared.at[job] = seed;
    const auto once = [&] {
      return World(workshop, {.seed = seed, .actions = settings.actions, .trace = {}}).run();
    };
    const Outcome outcome = once();
    const bool differs = number % kRunAgain == 0 && once().digest != outcome.digest;
    if (differs) shared.differs = true;
    shared.histories += 1;
    shared.steps += outcome.steps;
    shared.answers += outcome.answers;
    shared.commits += outcome.commits;
    shared.clients += outcome.clients;
    if ((outcome.broken || differs) && !shared.broken.exchange(true)) shared.broken_seed = seed;
  }
}

// Prints what happened in one history. Returns which promise it broke, and how to see it again;
// absent: none.
std::optional<std::string> replay(const Settings& settings, std::uint64_t seed, std::size_t lines) {
  Workshop workshop(folder());
  std::deque<std::string> last;
  Plan plan{.seed = seed, .actions = settings.actions, .trace = {}};
  plan.trace = [&](std::string_view line) {
    if (settings.trace) {
      fmt::print("{}\n", line);
      return;
    }
    last.emplace_back(line);
    if (last.size() > lines) last.pop_front();
  };
  const Outcome outcome = World(workshop, std::move(plan)).run();
  for (const std::string& line : last) fmt::print("{}\n", line);
  fmt::print("seed {}: {} steps, {} answers, {} commits, digest {:016x}\n", seed, outcome.steps,
             outcome.answers, outcome.commits, outcome.digest);
  if (!outcome.broken) return std::nullopt;
  const Promise broken = promise(outcome.broken->invariant);
  std::string said = fmt::format(
      "BROKEN: {} ({}): {}\nstep {} of seed {}; again, with all that happened: ./dev simulate"
      " --seed {} --steps {} --trace",
      broken.name, broken.sentence, outcome.broken->what, outcome.steps, seed, seed,
      settings.actions);
  fmt::print("{}\n", said);
  return said;
}

int run(const Settings& settings) {
  const auto began = real_time();
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
  auto& shared = *new (memory) Shared;
  fmt::print("seeds from {}\n", settings.base);
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < settings.jobs; ++i) {
    const pid_t child = fork();
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    int status = 0;
    try {
      work(settings, shared, i, began);
    } catch (const std::exception& fault) {
      fmt::print(stderr, "{}\n", fault.what());
      status = 1;
    }
    _exit(status);
  }
  // What failed, a line or more each: ./dev test repeats it at its end.
  std::string failures;
  const auto fails = [&failures](std::string_view said) {
    failures.append(said);
    failures += '\n';
  };
  for (std::size_t i = 0; i < children.size(); ++i) {
    int status = 0;
    waitpid(children[i], &status, 0);
    if (status == 0) continue;
    const std::string said =
        fmt::format("a process of the simulation died of seed {}", shared.at[i].load());
    fmt::print("{}\n", said);
    fails(said);
  }
  const double seconds = std::chrono::duration<double>(real_time() - began).count();
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const double busy = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                      static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  const std::uint64_t steps = shared.steps;
  fmt::print(
      "{} histories of {} clients, {} steps ({} answers, {} commits) in {:.1f} s; {:.0f} steps a"
      " second of one core\n",
      shared.histories.load(), shared.clients.load(), steps, shared.answers.load(),
      shared.commits.load(), seconds, static_cast<double>(steps) / std::max(busy, 1e-3));
  const bool broken = shared.broken;
  if (broken) {
    const auto said = replay(settings, shared.broken_seed, 60);
    const std::string differs =
        fmt::format("BROKEN: a seed replays exactly: {} did not", shared.broken_seed.load());
    if (!said) fmt::print("{}\n", differs);
    fails(said.value_or(differs));
  }
  const bool failed = !failures.empty();
  if (!settings.junit.empty()) {
    std::ofstream(settings.junit) << fmt::format(
        "<testsuite name=\"simulate\"><testcase name=\"histories from seed {}\">{}</testcase>"
        "</testsuite>\n",
        settings.base, failed ? "<failure><![CDATA[" + failures + "]]></failure>" : "");
  }
  const std::uint64_t kept = shared.histories - (broken ? 1 : 0);
  fmt::print("{} passed, {} failed\n", kept, failed ? 1 : 0);
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace latchkey::simulation

int main(int count, char** arguments) {
  using namespace latchkey::simulation;
  Settings settings;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> base;
  CLI::App app("Runs Latchkey's domain on a simulated clock, network and database.");
  app.add_option("--seeds", settings.seeds, "How many histories, each of a seed of its own");
  app.add_option("--from", base, "The first seed; one that nobody knows by default");
  app.add_option("--seed", seed, "One history, again");
  app.add_option("--steps", settings.actions, "How many things are done in a history")
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "For so long");
  app.add_option("--jobs", settings.jobs, "How many processes")
      ->check(CLI::Range(std::size_t{1}, Shared::kMostJobs));
  app.add_flag("--trace", settings.trace, "With --seed: print everything that happens");
  app.add_option("--junit", settings.junit, "Where to write the result for ./dev test");
  CLI11_PARSE(app, count, arguments);
  try {
    if (seed) return replay(settings, *seed, 0) ? 1 : 0;
    settings.base = base.value_or(static_cast<std::uint64_t>(real_time().count()) * 1'000'003U %
                                  1'000'000'000'000U);
    if (settings.seeds == 0 && settings.seconds == 0) settings.seconds = 60;
    return run(settings);
  } catch (const std::exception& fault) {
    fmt::print(stderr, "{}\n", fault.what());
    return 2;
  }
}
