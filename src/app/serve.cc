#include "app/serve.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "app/clearing.h"
#include "app/client_api.h"
#include "app/core.h"
#include "app/housekeeping.h"
#include "app/oauth_api.h"
#include "app/reload.h"
#include "app/routes.h"
#include "app/sweeps.h"
#include "domain/ground/batches.h"
#include "domain/ground/lease.h"
#include "domain/homeserver/changes.h"
#include "domain/outbox/workers.h"
#include "domain/services/senders.h"
#include "endpoints/admin/command_socket.h"
#include "endpoints/admin/health.h"
#include "endpoints/pages/surface.h"
#include "endpoints/request/routes.h"
#include "outbound/logout/logout_sender.h"
#include "platform/http/server.h"
#include "platform/telemetry/line_budget.h"

namespace latchkey::app {
namespace {

// Blocks the signals that the server listens to in all threads to come, so that one of them can
// wait.
class Signals {
 public:
  Signals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  // Until the server is told to end. Calls `hang_up` for each SIGHUP.
  void wait(const std::function<void()>& hang_up) const {
    int signal = 0;
    while (sigwait(&signals_, &signal) == 0 && signal == SIGHUP) hang_up();
  }
  // Until it is told so again, or the time is over.
  void wait_for(Duration span) const {
    const auto deadline = std::chrono::steady_clock::now() + span;
    for (;;) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      const auto whole = std::chrono::floor<std::chrono::seconds>(left);
      const timespec time{.tv_sec = whole.count(),
                          .tv_nsec = std::chrono::nanoseconds(left - whole).count()};
      const int signal = sigtimedwait(&signals_, nullptr, &time);
      if (signal == SIGTERM || signal == SIGINT) return;
    }
  }

 private:
  sigset_t signals_{};
};

std::size_t worker_count(const Config& config) {
  if (config.http.threads > 0) return config.http.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// Of requests past a limit, in a second.
constexpr std::uint32_t kMostRefusalLines = 100;

// The one place where faults become answers, and are logged.
http::Hooks make_hooks(Core& core, request::Renderer page) {
  http::Hooks hooks;
  // An outage says one sentence again and again.
  auto faults = std::make_shared<telemetry::LineBudget>(1);
  hooks.refuse = [&core, faults, page = std::move(page)](const http::Refused& refused) {
    const request::Fault fault = request::read_fault(refused.fault);
    // What the homeserver refuses anybody may ask for, too.
    if (refused.fault && !fault.transient && !fault.refused) {
      core.log.error("a request failed", {{"request", refused.request.id}, {"fault", fault.text}});
    } else if (refused.fault && faults->take()) {
      core.log.warning("a request could not be served",
                       {{"request", refused.request.id}, {"fault", fault.text}});
    }
    return request::refuse(refused, fault, page);
  };
  std::array<telemetry::Counter*, 6> by_class{};
  for (std::size_t i = 1; i < by_class.size(); ++i) {
    by_class[i] = &core.metrics.counter("latchkey_requests_total", "Requests answered, by status.",
                                        {{"status", std::to_string(i) + "xx"}});
  }
  auto& seconds = core.metrics.histogram("latchkey_request_seconds", "Time to the answer.",
                                         telemetry::latency_bounds());
  auto& limited = core.metrics.counter("latchkey_requests_limited_total",
                                       "Requests that were refused for a limit (429).");
  auto refusals = std::make_shared<telemetry::LineBudget>(kMostRefusalLines);
  hooks.done = [&core, by_class, &seconds, &limited, refusals](
                   const http::Request& request, const http::Router::Route* route, int status,
                   std::chrono::nanoseconds took) {
    const auto group = static_cast<std::size_t>(status) / 100;
    if (group >= 1 && group < by_class.size()) by_class[group]->add(request.worker);
    seconds.observe(request.worker, static_cast<double>(took.count()) / 1e9);
    if (status == 429) {
      limited.add(request.worker);
      if (refusals->take()) {
        core.log.info("limit hit",
                      {{"address", request.client_address},
                       {"route", route != nullptr ? route->pattern : std::string("-")}});
      }
    }
    if (!core.log.enabled(telemetry::Level::debug)) return;
    core.log.debug("request", {{"request", request.id},
                               {"route", route != nullptr ? route->pattern : std::string("-")},
                               {"status", status},
                               {"address", request.client_address},
                               {"us", took.count() / 1000}});
  };
  return hooks;
}

// A small server beside the main one: a single thread, the same limits.
std::unique_ptr<http::Server> side_server(const Config& config, std::vector<std::string> listen,
                                          unsigned unix_mode, const http::Router& router,
                                          const http::Hooks& hooks) {
  http::ServerOptions options;
  options.listen = std::move(listen);
  options.unix_mode = unix_mode;
  options.threads = 1;
  options.limits = config.http.limits;
  auto server = std::make_unique<http::Server>(options, router, http::Hooks{hooks.refuse, {}});
  server->start();
  return server;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// What SIGHUP does.
class Reloader {
 public:
  Reloader(const Config& config, const ReadAgain& read_again, const telemetry::Log& log)
      : running_(config), files_(read_named_files(config)), read_again_(read_again), log_(log) {}

  void operator()() {
    const auto found = read_again_();
    if (!found) {
      for (const std::string& error : found.error()) {
        log_.error("the configuration was not taken over", {{"fault", error}});
      }
      return;
    }
    const Reread reread = compare(running_, files_, *found, read_named_files(*found));
    if (reread.log_level) {
      running_.log.level = found->log.level;
      log_.set_level(running_.log.level);
    }
    log_.info("read the configuration again",
              {{"taken_over", reread.log_level ? "log.level" : "nothing"}});
    if (!reread.need_a_restart.empty()) {
      log_.warning("the configuration has changes that take a restart",
                   {{"options", joined(reread.need_a_restart)}});
    }
  }

 private:
  Config running_;
  const NamedFiles files_;
  const ReadAgain& read_again_;
  const telemetry::Log& log_;
};

}  // namespace

int serve(const Config& config, const ReadAgain& read_again) {
  const Signals signals;
  // A peer that hangs up during TLS is an error like others: OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  // Past the limit of a file's size a write fails, as on a full disk, instead of ending the server.
  std::signal(SIGXFSZ, SIG_IGN);
  const std::size_t workers = worker_count(config);
  Core core(config, workers, Core::Purpose::serve);
  for (const std::string& warning : core.services.warnings()) {
    core.log.warning("application_services: " + warning);
  }
  for (const std::string& created : services::add_senders(core.services, *core.ground)) {
    core.log.info("created the user of an application service", {{"user", created}});
  }

  http::Router router;
  ClientApi client_api(core, router);
  OauthApi oauth_api(core, client_api.api.limits, client_api.pages);
  oauth_api.prepare();
  // Likewise the keys by which providers know this server.
  for (const providers::Provider& provider : core.providers.all()) {
    if (provider.browser != nullptr) provider.browser->own_metadata();
  }
  mount(router, core, client_api, oauth_api);

  const admin::Operations operations = core.operations();
  http::Router command_router;
  admin::mount_commands(command_router, operations);
  http::Router metrics_router;
  admin::mount_metrics(metrics_router, core.metrics);

  http::ServerOptions options = config.http;
  options.listen = config.listen;
  options.threads = workers;
  const http::Hooks hooks = make_hooks(core, pages::surface(client_api.pages).refuse);
  http::Server server(options, router, hooks);
  core.metrics.gauge("latchkey_connections_open", "Connections that are open.",
                     [&server] { return static_cast<double>(server.stats().connections_open); });

  Lease lease(*core.database, "clearing", core.database->dialect() == db::Dialect::sqlite);
  std::optional<Housekeeping> housekeeping(std::in_place, *core.sessions, lease, core.log);
  std::optional<Clearing> clearing(
      std::in_place, Clearing::Parts{.sessions = *core.sessions,
                                     .lease = lease,
                                     .purge =
                                         [&client_api, &oauth_api](const Batches& batches) {
                                           client_api.purge(batches);
                                           oauth_api.purge(batches);
                                         },
                                     .metrics = core.metrics,
                                     .log = core.log,
                                     .interval = config.clearing.interval});
  std::optional<Sweeps> sweeps(std::in_place, *core.sweep, core.providers, lease, core.log);
  outbound::LogoutSender logouts({.clients = core.oauth_clients,
                                  .keys = oauth_api.api.keys,
                                  .clock = core.clock,
                                  .issuer = core.public_url.base()});
  outbox::Workers::Consumers consumers{logouts};
  std::optional<homeserver::Deliveries> homeserver;
  if (core.homeserver) {
    consumers.emplace_back(homeserver.emplace(*core.database, *core.homeserver, core.clock));
  }
  std::optional<outbox::Workers> deliveries(
      std::in_place,
      outbox::Workers::Parts{.db = *core.database,
                             .outbox = core.outbox,
                             .log = core.log,
                             .metrics = core.metrics,
                             .alone = core.database->dialect() == db::Dialect::sqlite},
      consumers);
  std::unique_ptr<http::Server> commands;
  if (const std::string path = config.socket_path(); !path.empty()) {
    commands = side_server(config, {"unix:" + path}, 0600, command_router, hooks);
  }
  std::unique_ptr<http::Server> metrics;
  if (!config.metrics.listen.empty()) {
    metrics = side_server(config, config.metrics.listen, 0600, metrics_router, hooks);
  }
  server.start();
  // For scripts that wait for it, whatever the log's level and format.
  std::printf("latchkey is listening on %s\n", joined(config.listen).c_str());
  std::fflush(stdout);
  core.log.info("listening on " + joined(config.listen), {{"server_name", config.server_name}});
  core.log.info("people manage their account at " + core.public_url.of("/account/"));

  signals.wait(Reloader(config, read_again, core.log));
  if (config.cluster.hand_over > Duration{0} && core.hand_over()) {
    core.log.info("stopping: GET /health says so, and the other nodes take over",
                  {{"ms", config.cluster.hand_over.count()}});
    server.close_after_answers();
    signals.wait_for(config.cluster.hand_over);
  }
  core.log.info("stopping");
  server.drain();
  if (commands) commands->drain();
  if (metrics) metrics->drain();
  deliveries.reset();
  sweeps.reset();
  clearing.reset();
  housekeeping.reset();
  client_api.close();
  core.close();
  core.log.info("stopped");
  return 0;
}

}  // namespace latchkey::app
