#include "app/sweeps.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <vector>

namespace latchkey::app {
namespace {

using Steady = std::chrono::steady_clock;

// How soon a node notices that the lease has come to it.
constexpr std::chrono::seconds kLook{1};

// In the audit: nobody has asked for it.
const accounts::Operator kBySchedule{"schedule", "local"};

struct Due {
  const providers::Provider* directory;
  Steady::time_point at;
};

}  // namespace

Sweeps::Sweeps(administration::Sweep& sweep, const providers::ProviderSet& providers,
               const Lease& lease, const telemetry::Log& log)
    : sweep_(sweep), providers_(providers), lease_(lease), log_(log) {
  const bool any = std::ranges::any_of(providers.all(), [](const providers::Provider& provider) {
    return provider.password != nullptr && provider.options.sweep;
  });
  if (any) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Sweeps::run(const std::stop_token& stop) {
  std::vector<Due> all;
  for (const providers::Provider& provider : providers_.all()) {
    if (provider.password == nullptr || !provider.options.sweep) continue;
    all.push_back({&provider, Steady::now() + *provider.options.sweep});
  }
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    auto next = std::ranges::min_element(all, {}, &Due::at);
    {
      std::unique_lock lock(mutex);
      wake.wait_until(lock, stop, std::max(next->at, Steady::now() + kLook), [] { return false; });
    }
    if (stop.stop_requested()) return;
    if (!lease_.held()) continue;
    sweep(*next->directory, stop);
    next->at = Steady::now() + *next->directory->options.sweep;
  }
}

void Sweeps::sweep(const providers::Provider& directory, const std::stop_token& stop) {
  const std::string& id = directory.options.id;
  try {
    const auto report = sweep_.run_now(kBySchedule, directory, true, stop);
    if (!report && !stop.stop_requested()) {
      log_.warning("a directory was not swept",
                   {{"provider", id}, {"reason", report.error().subject}});
    }
    if (report) {
      log_.info("swept a directory", {{"provider", id},
                                      {"accounts", std::to_string(report->linked)},
                                      {"locked", std::to_string(report->missed.size())},
                                      {"unlocked", std::to_string(report->back.size())}});
    }
  } catch (const std::exception& fault) {
    log_.warning("a directory was not swept", {{"provider", id}, {"reason", fault.what()}});
  }
}

}  // namespace latchkey::app
