#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/clearing.h"
#include "app/sign_in_options.h"
#include "domain/accounts/passwords.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/terms.h"
#include "domain/clients/configured_clients.h"
#include "domain/cluster/cluster_options.h"
#include "domain/confirm/interactive_auth.h"
#include "domain/limits/attempt_limits.h"
#include "domain/registration/registration_options.h"
#include "domain/self/account_options.h"
#include "domain/services/services.h"
#include "domain/sessions/policy.h"
#include "domain/signin/browser_sessions.h"
#include "domain/signin/login_tokens.h"
#include "endpoints/edge/translation.h"
#include "endpoints/oauth/introspect.h"
#include "outbound/homeserver/homeserver_options.h"
#include "platform/config/attributes.h"
#include "platform/config/config.h"
#include "platform/config/types.h"
#include "platform/db/database.h"
#include "platform/html/branding.h"
#include "platform/http/server.h"
#include "platform/telemetry/log.h"

namespace latchkey::app {

// The options of `metrics:`.
struct MetricsOptions {
  std::vector<std::string> listen;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("listen", listen, "Where GET /metrics is answered; nowhere, if empty.",
          config::Example{"[\"127.0.0.1:9008\"]"});
  }
};

// The configuration file. Each group is declared beside what it configures.
struct Config {
  std::string server_name;
  std::string public_url;
  std::vector<std::string> listen{"127.0.0.1:8008"};
  std::string database;
  config::Path keys_file;
  config::Path command_socket;
  std::vector<config::Path> application_services;

  http::ServerOptions http;
  db::Options database_pool;
  cluster::ClusterOptions cluster;
  sessions::Policy sessions;
  SignInOptions sign_in;
  registration::RegistrationOptions registration;
  self::AccountOptions account;
  html::BrandingOptions branding;
  accounts::PasswordOptions passwords;
  accounts::RecoveryOptions recovery;
  confirm::InteractiveAuthOptions interactive_auth;
  signin::LoginTokenOptions login_tokens;
  signin::BrowserSessionOptions browser_sessions;
  limits::AttemptLimitOptions rate_limits;
  clients::OauthOptions oauth;
  oauth::IntrospectionOptions introspection;
  edge::EdgeOptions edge;
  outbound::HomeserverOptions homeserver;
  ClearingOptions clearing;
  MetricsOptions metrics;
  telemetry::LogOptions log;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("server_name", server_name,
          "The part after the colon in Matrix IDs. The database belongs to it, so it can never be "
          "changed.",
          config::required, config::Example{"example.com"});
    visit("public_url", public_url, "Where clients reach this server.", config::required,
          config::Example{"http://127.0.0.1:8008/"});
    visit("listen", listen, "Addresses to listen on: host:port or unix:/path.");
    visit("database", database,
          "sqlite:///path/file.db, or postgresql://… (several hosts: the one that takes writes is "
          "used).",
          config::required, config::Example{"sqlite:///var/lib/latchkey/latchkey.db"});
    visit(
        "keys_file", keys_file,
        "The file of the server's keys, made at the first start. Keep it apart from the "
        "database's backup, and keep it: without it everybody has to sign in again. If not given, "
        "it is beside the SQLite file, with .keys added.");
    visit("command_socket", command_socket,
          "The Unix socket by which the command line speaks to the running server. If not given, "
          "it is beside the SQLite file, with .sock added.");
    visit("application_services", application_services,
          "Registration files of application services (bridges, bots): the same files that the "
          "homeserver has. Read at the start.",
          config::Between{0, 1000}, config::Example{"[\"irc-registration.yaml\"]"});
    visit.group("http", http, "The HTTP server.");
    visit.group("database_pool", database_pool, "Connections and queues to the database.");
    visit.group("cluster", cluster, "Several nodes on one PostgreSQL.");
    visit.group("sessions", sessions, "How long tokens and sessions live.");
    visit.group("sign_in", sign_in, "By what people sign in.");
    visit.group("registration", registration, "Who may create an account.");
    visit.group("account", account, "What people may change of their own account.");
    visit.group("branding", branding, "What the pages look like.");
    visit.group("passwords", passwords, "Passwords and their hashes (argon2id).");
    visit.group("recovery", recovery, "Setting a new password without the old one.");
    visit.group("interactive_auth", interactive_auth,
                "Confirming identity, before a password is changed and the like.");
    visit.group("login_tokens", login_tokens, "Signing in one client from another.");
    visit.group("browser_sessions", browser_sessions,
                "Browsers that are signed in to the account pages.");
    visit.group("rate_limits", rate_limits, "Limits against guessing.");
    visit.group("oauth", oauth, "OAuth 2.0.");
    visit.group("introspection", introspection, "Token introspection, for the homeserver.");
    visit.group("edge", edge, "The check that a reverse proxy asks for.");
    visit.group("homeserver", homeserver, "The homeserver behind.");
    visit.group("clearing", clearing, "Removing what is over.");
    visit.group("metrics", metrics, "Figures for Prometheus.");
    visit.group("log", log, "What is logged to stderr, and how.");
  }

  // What single options cannot know: rules between them, and paths that follow from others.
  std::vector<std::string> problems() const;

  // The file of a SQLite database; absent for PostgreSQL.
  std::optional<std::string> sqlite_file() const;
  std::string keys_path() const;
  // What the homeserver and this server prove themselves to each other with: of the two options
  // the one that is given.
  const Secret& homeserver_secret() const;
  // Empty: no command socket.
  std::string socket_path() const;
  // Reads the file of registration.terms_file; no terms without one.
  std::expected<accounts::Terms, config::Errors> load_terms() const;
  // Reads the files of application_services; what is wrong with them, like other errors of the
  // configuration.
  std::expected<services::Services, config::Errors> load_services() const;
  // Reads the files of branding.
  std::expected<html::Branding, config::Errors> load_branding() const;
  // Reads the file of oauth.clients_file; no clients without one.
  std::expected<std::vector<clients::Client>, config::Errors> load_clients() const;
};

}  // namespace latchkey::app
