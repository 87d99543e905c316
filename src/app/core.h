#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "app/cluster_watch.h"
#include "app/config.h"
#include "domain/accounts/passwords.h"
#include "domain/administration/administration.h"
#include "domain/administration/sweep.h"
#include "domain/administration/upkeep.h"
#include "domain/administration/user_listing.h"
#include "domain/ends/journal.h"
#include "domain/ends/recorder.h"
#include "domain/ends/replay.h"
#include "domain/events/events.h"
#include "domain/ground/ground.h"
#include "domain/homeserver/administrator.h"
#include "domain/homeserver/capabilities.h"
#include "domain/homeserver/provisioning.h"
#include "domain/homeserver/sync.h"
#include "domain/outbox/outbox.h"
#include "domain/providers/own_keys.h"
#include "domain/providers/provider_set.h"
#include "domain/services/services.h"
#include "domain/sessions/sessions.h"
#include "endpoints/admin/commands.h"
#include "platform/db/database.h"
#include "platform/html/branding.h"
#include "platform/http/public_url.h"
#include "platform/telemetry/log.h"
#include "platform/telemetry/metrics.h"
#include "platform/time.h"

namespace latchkey::app {

// Everything between the surfaces and the database, built and wired once: for the server, and
// for a command that runs without one.
class Core {
 public:
  enum class Purpose {
    serve,
    command,       // judges no token and hears of no other node
    replace_keys,  // a command that goes on without a lost key file
  };

  // Reads the registrations of application services, opens the database, brings its schema up to
  // date, opens the keys. Throws what db::open() throws, or db::Refused with sentences.
  Core(const Config& config, std::size_t workers, Purpose purpose);
  ~Core();

  // Ends the threads of hashing and upkeep and the database, finishing what waits for them. To be
  // called while the server whose handlers wait still exists.
  void close();

  const Config& config;
  const services::Services services;
  const accounts::Terms terms;
  const std::vector<clients::Client> oauth_clients;
  const html::Branding branding;
  const http::PublicUrl public_url;
  SystemClock clock;
  telemetry::Log log;
  telemetry::Registry metrics;
  const providers::ProviderSet providers;
  events::Events events;
  // Absent: sessions.ends_journal is not configured.
  std::unique_ptr<ends::Journal> ends_journal;
  std::unique_ptr<ends::Recorder> ends_recorder;
  outbox::Outbox outbox{clock};
  std::unique_ptr<db::Database> database;
  IdSource ids;
  std::optional<Ground> ground;  // once the database is open
  std::unique_ptr<sessions::Sessions> sessions;
  std::unique_ptr<providers::OwnKeys> provider_keys;
  std::unique_ptr<accounts::Passwords> passwords;
  std::unique_ptr<administration::Administration> administration;
  std::unique_ptr<administration::Upkeep> upkeep;
  std::unique_ptr<administration::Sweep> sweep;
  std::unique_ptr<ends::Replay> replay;
  std::unique_ptr<administration::UserListing> users;
  // Absent: there is none behind. What it has to be told is brought together when the server runs.
  std::unique_ptr<homeserver::AdministratorTokens> administrator_tokens;
  std::unique_ptr<homeserver::Homeserver> homeserver;
  std::unique_ptr<homeserver::Provisioning> provisioning;
  std::unique_ptr<homeserver::Sync> sync;
  std::unique_ptr<homeserver::Capabilities> capabilities;
  admin::Operations operations() const;
  // Why this node should be sent no requests, in a sentence; empty: it should.
  std::string_view unfit() const;
  // From now on it should not, for it is going to stop. False: there is nobody else to send them
  // to.
  bool hand_over();

 private:
  // Who does what about what happens to accounts, in this order: the rooms with their own tables
  // first, what leaves this server last.
  void wire_listeners(Purpose purpose);
  void watch_reconnects();
  void note_start();
  void hear_other_nodes();
  void count_database();

  // Ends the database's threads before what they call is gone: the sessions, when a connection is
  // made again. Also where the constructor fails, or close() was not called.
  struct Closing {
    explicit Closing(std::unique_ptr<db::Database>& what) : database(what) {}
    ~Closing();
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;

    std::unique_ptr<db::Database>& database;
  };
  Closing closing_{database};
  // Set once the sessions exist; a connection can be lost and made again before that.
  std::atomic<sessions::Sessions*> ready_{nullptr};
  std::unique_ptr<db::Listener> listener_;
  // When the newest echo was sent that was ever taken notice of here.
  std::atomic<db::Listener::Clock::rep> newest_echo_{0};
  std::atomic<bool> handing_over_{false};
  std::unique_ptr<ClusterWatch> cluster_watch_;  // absent: on SQLite there is one node
};

}  // namespace latchkey::app
