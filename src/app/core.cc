#include "app/core.h"

#include <chrono>
#include <thread>

#include "app/providers.h"
#include "domain/backup/backup.h"
#include "domain/confirm/listeners.h"
#include "domain/ground/server_name.h"
#include "domain/homeserver/changes.h"
#include "domain/oauth/back_channel_logout.h"
#include "domain/oauth/listeners.h"
#include "domain/providers/listeners.h"
#include "domain/schema/schema.h"
#include "domain/sessions/listeners.h"
#include "domain/sessions/lost_rows.h"
#include "domain/signin/listeners.h"
#include "outbound/homeserver/capabilities.h"
#include "outbound/homeserver/synapse.h"
#include "platform/db/migration.h"
#include "platform/db/postgres_control.h"
#include "platform/text/rfc3339.h"

namespace latchkey::app {
namespace {

// A node that has not heard its own echo for this long answers nothing from memory.
constexpr auto kLongestSilence = std::chrono::seconds{2};
// From then on the threads that serve requests look after what has arrived: the listener's own may
// not be given its turn, and theirs are.
constexpr auto kSilence = std::chrono::seconds{1};

// What a file beside the configuration holds, or its errors as one refusal.
template <class T>
T take(std::expected<T, config::Errors> loaded) {
  if (loaded) return std::move(*loaded);
  std::string sentences;
  for (const std::string& error : loaded.error()) {
    sentences.append(sentences.empty() ? "" : "\n").append(error);
  }
  throw db::Refused(sentences);
}

std::shared_ptr<const keys::KeyRing> take_keys(db::Database& db, const std::string& path,
                                               bool replace, Time now) {
  auto keys = replace ? keys::replace_keys(db, path, now) : keys::open_keys(db, path, now);
  if (!keys) throw db::Refused(keys.error());
  return std::move(*keys);
}

}  // namespace

Core::Core(const Config& from, std::size_t workers, Purpose purpose)
    : config(from),
      services(take(config.load_services())),
      terms(take(config.load_terms())),
      oauth_clients(take(config.load_clients())),
      branding(take(config.load_branding())),
      public_url(config.public_url),
      log(config.log),
      metrics(workers),
      providers(make_providers(
          config, public_url, clock, log,
          [this](const std::string& provider) { return provider_keys->of(provider); })),
      database(db::open(config.database, config.database_pool)) {
  database->on_trouble([this](std::string_view sentence) { log.warning(sentence); });
  wire_listeners(purpose);
  watch_reconnects();
  db::migrate(*database, schema::migrations(), [this](db::Tx& tx, int applied) {
    cluster::refuse_beside_others(tx, node_name(config), clock.now(), applied);
  });
  claim_server_name(*database, config.server_name);
  ground.emplace(Ground{.db = *database,
                        .clock = clock,
                        .ids = ids,
                        .events = events,
                        .metrics = metrics,
                        .log = log});
  sessions = std::make_unique<sessions::Sessions>(sessions::Sessions::Parts{
      .ground = *ground,
      .policy = config.sessions,
      .key_file = config.keys_path(),
      .keys =
          take_keys(*database, config.keys_path(), purpose == Purpose::replace_keys, clock.now()),
      .workers = workers});
  provider_keys =
      std::make_unique<providers::OwnKeys>(*ground, [this] { return sessions->keys(); });
  accounts::PasswordOptions password_options = config.passwords;
  password_options.enabled = password_options.enabled && config.sign_in.passwords;
  passwords = std::make_unique<accounts::Passwords>(password_options, config.server_name);
  administration = std::make_unique<administration::Administration>(*ground, *sessions, *passwords,
                                                                    config.server_name, log);
  upkeep = std::make_unique<administration::Upkeep>(
      *ground, *sessions, *administration,
      [this](const std::string& path) { backup::make_backup(*database, path); });
  sweep = std::make_unique<administration::Sweep>(*ground, *administration, config.server_name);
  replay = std::make_unique<ends::Replay>(*ground, *sessions, *administration, config.server_name);
  users =
      std::make_unique<administration::UserListing>(*ground, *administration, config.server_name);
  if (config.homeserver.present()) {
    administrator_tokens = std::make_unique<homeserver::AdministratorTokens>(
        [this] { return sessions->keys(); }, clock);
    homeserver = std::make_unique<outbound::Synapse>(outbound::Synapse::Parts{
        .endpoint = config.homeserver.endpoint,
        .secret = config.homeserver_secret(),
        .services = services,
        .server_name = config.server_name,
        .administrator = config.homeserver.administrator,
        .administrator_token = [this] { return administrator_tokens->make(); }});
    sync = std::make_unique<homeserver::Sync>(
        homeserver::Sync::Parts{.ground = *ground,
                                .homeserver = *homeserver,
                                .outbox = outbox,
                                .server_name = config.server_name});
  }
  if (purpose != Purpose::serve) return;
  if (homeserver) {
    provisioning = std::make_unique<homeserver::Provisioning>(
        homeserver::Provisioning::Parts{.ground = *ground,
                                        .homeserver = *homeserver,
                                        .outbox = outbox,
                                        .alone = database->dialect() == db::Dialect::sqlite,
                                        .options = {.patience = config.homeserver.patience}});
    capabilities = std::make_unique<homeserver::Capabilities>(
        outbound::ask_for_capabilities(config.homeserver.endpoint));
  }
  // Before it: a connection that is lost meanwhile may find a database that lacks the keys.
  ready_ = sessions.get();
  note_start();
  hear_other_nodes();
  count_database();
}

void Core::wire_listeners(Purpose purpose) {
  if (!config.sessions.ends_journal.empty()) {
    ends_journal = std::make_unique<ends::Journal>(
        config.sessions.ends_journal.value, config.sessions.ends_journal_size,
        [this](std::string_view sentence) { log.warning(sentence); });
    ends_recorder = std::make_unique<ends::Recorder>(*ends_journal, clock);
    ends_recorder->listen(events);
  }
  sessions::listen(events, clock,
                   [this]() -> const sessions::Announcer& { return sessions->announcer(); });
  confirm::listen(events);
  signin::listen(events);
  providers::listen(events);
  oauth::listen(events);
  oauth::tell_clients(events, outbox, oauth_clients);
  if (!config.homeserver.present()) return;
  homeserver::listen(events, outbox);
  // Last of all: it may have everything begin again. Commands begin no sessions.
  if (purpose != Purpose::serve) return;
  homeserver::Provisioning::listen(events,
                                   [this]() -> homeserver::Provisioning& { return *provisioning; });
}

void Core::hear_other_nodes() {
  if (database->dialect() == db::Dialect::sqlite) return;  // it has none
  db::listen_at(*database, config.cluster.listen_url);
  listener_ =
      database->listen({.on_message = [this](std::string_view payload) { sessions->hear(payload); },
                        .on_reconnect = [this] { sessions->may_have_missed(); }});
  sessions->remember_while([this] {
    const auto now = db::Listener::Clock::now();
    if (listener_->last_heard() <= now - kSilence) listener_->catch_up();
    const auto heard = listener_->last_heard();
    if (now - kLongestSilence < heard) {
      newest_echo_.store(heard.time_since_epoch().count(), std::memory_order_relaxed);
      return true;
    }
    // Nobody can be asked, and as far as a node can tell that is not cut off alone nobody can have
    // ended anything either.
    const db::Listener::Clock::time_point newest(
        db::Listener::Clock::duration(newest_echo_.load(std::memory_order_relaxed)));
    return now - config.cluster.answer_from_memory < newest && db::is_away(*database);
  });
  sessions->probe_while([this] { return db::is_away(*database); });
  cluster_watch_ = std::make_unique<ClusterWatch>(*ground, config);
  // The first echo is on its way; without it the first requests would not be answered from memory.
  const auto patience = db::Listener::Clock::now() + kLongestSilence;
  while (!sessions->hears_other_nodes() && db::Listener::Clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

std::string_view Core::unfit() const {
  if (handing_over_.load(std::memory_order_relaxed)) return "This node is going to stop.";
  if (cluster_watch_ && !cluster_watch_->fit()) return "This node's clock is wrong: see its log.";
  return {};
}

bool Core::hand_over() {
  if (!cluster_watch_ || !cluster_watch_->others_run()) return false;
  handing_over_ = true;
  return true;
}

Core::~Core() = default;

Core::Closing::~Closing() { database->close(); }

void Core::close() {
  provisioning.reset();
  sync.reset();
  capabilities.reset();
  upkeep.reset();
  sweep.reset();
  replay.reset();
  users.reset();
  administration.reset();
  passwords.reset();
  cluster_watch_.reset();
  listener_.reset();
  database->close();
}

admin::Operations Core::operations() const {
  return {.ground = *ground,
          .administration = *administration,
          .upkeep = *upkeep,
          .sweep = *sweep,
          .replay = *replay,
          .sessions = *sessions,
          .users = *users,
          .providers = providers,
          .public_url = public_url,
          .recovery = config.recovery,
          .sync = sync.get()};
}

// What a connection finds that was lost and made again may be an older copy of the database:
// what it may lack is noted, or told it again, before anything is judged by it.
void Core::watch_reconnects() {
  database->on_reconnect([this](db::Tx& tx) {
    if (sessions::Sessions* ready = ready_) {
      ready->reconnected(tx);
    } else {
      sessions::note_gap_and_beat(tx, clock.now());
    }
  });
}

void Core::note_start() {
  const Time now = clock.now();
  const auto found = database->write_now([&](db::Tx& tx) { return sessions->note_gap(tx); });
  if (found && now - *found > std::chrono::minutes{2}) {
    log.info(
        "the database was last served some time ago; if it is a restored backup, what ended "
        "since lives again: latchkey session soft-logout-all ends everything softly",
        {{"last_served", text::format_rfc3339(*found)}});
  }
}

void Core::count_database() {
  metrics.gauge("latchkey_database_waiting", "Operations that wait for the database.",
                [this] { return static_cast<double>(database->stats().waiting); });
  const auto counter = [this](const char* name, const char* help, std::uint64_t db::Stats::* of) {
    metrics.counter(name, help, [this, of] { return static_cast<double>(database->stats().*of); },
                    {});
  };
  counter("latchkey_database_reads_total", "Reads.", &db::Stats::reads);
  counter("latchkey_database_writes_total", "Writes committed.", &db::Stats::writes);
  counter("latchkey_database_commits_total", "Commits; on SQLite one may hold many writes.",
          &db::Stats::commits);
  counter("latchkey_database_failures_total",
          "Operations that found the database away or its queue full.", &db::Stats::failures);
  counter("latchkey_database_reconnects_total", "Connections made again after a loss.",
          &db::Stats::reconnects);
}

}  // namespace latchkey::app
