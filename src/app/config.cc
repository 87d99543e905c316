#include "app/config.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <map>

#include "domain/accounts/matrix_id.h"
#include "platform/db/url.h"
#include "platform/http/forwarded.h"
#include "platform/http/listener.h"
#include "platform/text/duration.h"

namespace latchkey::app {
namespace {

// Whether a plain http URL leads nowhere but to this machine.
bool on_this_machine(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return false;
  const std::string_view host(parsed->encoded_host().data(), parsed->encoded_host().size());
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && parsed->host_type() == boost::urls::host_type::ipv4);
}

// Whether anything but slashes follows the host.
bool has_path(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return false;
  const std::string_view path(parsed->encoded_path().data(), parsed->encoded_path().size());
  return path.find_first_not_of('/') != path.npos || parsed->has_query() ||
         parsed->has_fragment() || parsed->has_userinfo();
}

void check_addresses(std::string_view option, const std::vector<std::string>& addresses,
                     std::vector<std::string>& problems) {
  for (const std::string& address : addresses) {
    if (const auto wrong = http::problem_of_address(address)) {
      problems.push_back(fmt::format("{}: '{}' {}", option, address, *wrong));
    }
  }
}

// Only one server can listen at an address. Port 0 is another one each time.
void check_distinct(const Config& config, std::vector<std::string>& problems) {
  std::map<std::string, std::string> taken;  // address to option
  const auto take = [&](const std::string& option, const std::string& address) {
    if (address.ends_with(":0")) return;
    const auto [at, fresh] = taken.emplace(address, option);
    if (fresh) return;
    problems.push_back(at->second == option
                           ? fmt::format("{}: '{}' is there twice", option, address)
                           : fmt::format("{}: '{}' is taken by {}", option, address, at->second));
  };
  for (const std::string& address : config.listen) take("listen", address);
  for (const std::string& address : config.metrics.listen) take("metrics.listen", address);
  if (const auto socket = config.socket_path(); !socket.empty()) {
    take("command_socket", "unix:" + socket);
  }
}

}  // namespace

std::optional<std::string> Config::sqlite_file() const { return db::sqlite_file_of(database); }

std::string Config::keys_path() const {
  if (!keys_file.empty()) return keys_file.value;
  return sqlite_file().value_or("") + ".keys";
}

const Secret& Config::homeserver_secret() const {
  return homeserver.present() && !homeserver.secret.empty() ? homeserver.secret
                                                            : introspection.secret;
}

std::string Config::socket_path() const {
  if (!command_socket.empty()) return command_socket.value;
  const auto file = sqlite_file();
  return file ? *file + ".sock" : "";
}

std::expected<accounts::Terms, config::Errors> Config::load_terms() const {
  if (registration.terms_file.empty()) return accounts::Terms{};
  auto terms = accounts::Terms::load(registration.terms_file.value);
  if (!terms) {
    return std::unexpected(config::Errors{"registration.terms_file: " + terms.error()});
  }
  return std::move(*terms);
}

std::expected<services::Services, config::Errors> Config::load_services() const {
  std::vector<std::string> paths;
  for (const config::Path& path : application_services) paths.push_back(path.value);
  auto services = services::Services::load(paths, server_name);
  if (!services) {
    for (std::string& error : services.error()) error.insert(0, "application_services: ");
  }
  return services;
}

std::expected<html::Branding, config::Errors> Config::load_branding() const {
  auto loaded = html::load_branding(branding);
  if (!loaded) {
    for (std::string& error : loaded.error()) error.insert(0, "branding.");
  }
  return loaded;
}

std::expected<std::vector<clients::Client>, config::Errors> Config::load_clients() const {
  if (oauth.clients_file.empty()) return std::vector<clients::Client>{};
  auto clients = clients::load_configured_clients(oauth.clients_file.value);
  if (!clients) {
    for (std::string& error : clients.error()) error.insert(0, "oauth.clients_file: ");
  }
  return clients;
}

std::vector<std::string> Config::problems() const {
  std::vector<std::string> result;
  if (!server_name.empty() && !accounts::valid_server_name(server_name)) {
    result.push_back("server_name: '" + server_name + "' is not a server name, try 'example.com'");
  }
  if (!public_url.starts_with("http://") && !public_url.starts_with("https://")) {
    result.push_back("public_url: '" + public_url + "' is not a URL, try 'https://example.com/'");
  } else if (public_url.starts_with("http://") && !on_this_machine(public_url)) {
    result.push_back("public_url: '" + public_url +
                     "' would carry passwords and cookies in the clear: use https (of the proxy in "
                     "front), or an address of this machine, 'http://127.0.0.1:8008/'");
  }
  if (has_path(public_url)) {
    result.push_back("public_url: '" + public_url +
                     "' must end after the host and port: the account pages are at /account/");
  }
  if (listen.empty()) {
    result.emplace_back("listen: at least one address is needed, try '[\"127.0.0.1:8008\"]'");
  }
  check_addresses("listen", listen, result);
  check_addresses("metrics.listen", metrics.listen, result);
  check_distinct(*this, result);
  for (const std::string& entry : http.trusted_proxies) {
    if (const auto wrong = http::problem_of_trusted_proxy(entry)) {
      result.push_back(fmt::format("http.trusted_proxies: '{}' {}", entry, *wrong));
    }
  }
  if (const auto wrong = db::problem_of_url(database)) {
    result.push_back("database: " + *wrong);
  } else if (!sqlite_file() && keys_file.empty()) {
    result.emplace_back(
        "keys_file: with PostgreSQL the path of the key file must be given, try 'keys_file: "
        "/var/lib/latchkey/keys'");
  }
  if (const std::string& url = cluster.listen_url; !url.empty()) {
    if (sqlite_file()) {
      result.emplace_back("cluster.listen_url: is for PostgreSQL: leave it out");
    } else if (const auto wrong = db::problem_of_url(url)) {
      result.push_back("cluster.listen_url: " + *wrong);
    } else if (db::sqlite_file_of(url)) {
      result.emplace_back("cluster.listen_url: must be a postgresql:// URL, of the same database");
    }
  }
  const std::string socket = socket_path();
  if (const auto wrong =
          socket.empty() ? std::nullopt : http::problem_of_address("unix:" + socket)) {
    result.push_back(fmt::format("command_socket: '{}' {}", socket, *wrong));
  }
  if (sessions.access_token_lifetime && sessions.refresh_grace >= *sessions.access_token_lifetime) {
    result.push_back(fmt::format(
        "sessions.refresh_grace: must be less than access_token_lifetime: {} is not less than {}",
        text::format_duration(sessions.refresh_grace),
        text::format_duration(*sessions.access_token_lifetime)));
  }
  if (homeserver.present() && homeserver_secret().empty()) {
    result.emplace_back(
        "homeserver.secret: with 'kind: synapse' the secret must be given that Synapse has as "
        "matrix_authentication_service.secret");
  }
  // Synapse has one secret for both directions.
  if (homeserver.present() && !introspection.secret.empty() &&
      introspection.secret.reveal() != homeserver_secret().reveal()) {
    result.emplace_back(
        "homeserver.secret: is not introspection.secret, and Synapse has one for both: leave one "
        "out");
  }
  return result;
}

}  // namespace latchkey::app
