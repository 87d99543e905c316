#include "app/cluster_watch.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string_view>

#include "platform/config/config.h"

namespace latchkey::app {
namespace {

std::string seconds(Duration span) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(span).count());
}

std::string apart(const cluster::Skew& skew) {
  return "this machine's clock is " + seconds(std::chrono::abs(skew.ahead)) +
         (skew.ahead > Duration{0} ? " ahead of" : " behind") + " the database's";
}

}  // namespace

std::string node_name(const Config& config) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string(host.data()) + " " + config.listen.front();
}

cluster::Settings shared_settings(const Config& config) {
  cluster::Settings settings = config::values(config);
  std::erase_if(settings, [](const auto& setting) {
    const std::string_view option = setting.first;
    const bool shared = option == "public_url" || option.starts_with("sessions.");
    return !shared || option == "sessions.cache_entries";
  });
  return settings;
}

ClusterWatch::ClusterWatch(const Ground& ground, const Config& config, Duration interval)
    : ground_(ground),
      options_(config.cluster),
      interval_(interval),
      membership_(ground, node_name(config), config.cluster.revision, shared_settings(config)),
      wall_at_start_(ground.clock.now()),
      steady_at_start_(std::chrono::steady_clock::now()) {
  const cluster::Skew skew = cluster::measure_skew(ground.db, ground.clock);
  skew_at_start_ = skew.ahead;
  *skew_seconds_ = std::chrono::duration<double>(skew.ahead).count();
  const auto verdict = cluster::judge_skew(skew, options_);
  if (verdict == cluster::SkewVerdict::refused) {
    throw db::Refused(apart(skew) +
                      ": set right which of them is wrong (NTP), or allow it with "
                      "cluster.clock_skew_refused");
  }
  if (verdict == cluster::SkewVerdict::warned) ground.log.warning(apart(skew));
  membership_.join();
  ground.metrics.gauge("latchkey_clock_skew_seconds",
                       "By how much this node's clock is ahead of the database's.",
                       [skew_now = skew_seconds_] { return skew_now->load(); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  pthread_setname_np(thread_.native_handle(), "cluster-watch");
}

ClusterWatch::~ClusterWatch() {
  thread_.request_stop();
  thread_.join();
  try {
    membership_.leave();
  } catch (const std::exception&) {
    // The others notice in a while.
  }
}

bool ClusterWatch::others_run() const {
  try {
    return membership_.others_run();
  } catch (const std::exception&) {
    return true;  // the database is away
  }
}

void ClusterWatch::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  for (;;) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, interval_, [] { return false; });
    }
    if (stop.stop_requested()) return;
    try {
      look_at_clock();
      membership_.stay();
    } catch (const std::exception&) {
      // The database is away, which is told elsewhere.
    }
  }
}

Duration ClusterWatch::moved() const {
  const auto steady = std::chrono::steady_clock::now() - steady_at_start_;
  return (ground_.clock.now() - wall_at_start_) - std::chrono::floor<Duration>(steady);
}

void ClusterWatch::look_at_clock() {
  const cluster::Skew skew = cluster::measure_skew(ground_.db, ground_.clock);
  *skew_seconds_ = std::chrono::duration<double>(skew.ahead).count();
  const auto verdict = cluster::judge_skew(skew, options_);
  const bool refused = verdict == cluster::SkewVerdict::refused;
  const bool ours = cluster::own_fault(skew_at_start_, skew.ahead, moved());
  fit_ = !refused || !ours;
  if (verdict == cluster::SkewVerdict::fine) return;
  const bool fit_now = fit();
  if (refused) {
    ground_.log.error(apart(skew), {{"fit_to_serve", fit_now}});
  } else {
    ground_.log.warning(apart(skew));
  }
}

}  // namespace latchkey::app
