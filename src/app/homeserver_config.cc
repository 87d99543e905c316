#include "app/homeserver_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <utility>

namespace latchkey::app {
namespace {

constexpr std::string_view kUnix = "unix:";
// Of the examples.
constexpr std::string_view kApex = "\n# The name in people's Matrix IDs";

// A string in YAML, of which JSON's are a part.
std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

// "127.0.0.1:8009" of "http://127.0.0.1:8009/".
std::string host_and_port(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

std::string host_of(std::string_view url) {
  const std::string both = host_and_port(url);
  return both.substr(0, both.starts_with('[') ? both.find(']') + 1 : both.find(':'));
}

// Where others on this machine reach this server: its first address.
std::string own_address(const Config& config, std::string_view unix_prefix) {
  const std::string& listen = config.listen.front();
  if (listen.starts_with(kUnix)) return std::string(unix_prefix) + listen.substr(kUnix.size());
  const auto colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host == "0.0.0.0" || host == "*" || host.empty()) host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return host + (colon == listen.npos ? "" : listen.substr(colon));
}

std::expected<std::string, std::string> for_synapse(const Config& config) {
  if (config.homeserver_secret().empty()) {
    return std::unexpected(
        "homeserver.secret: choose one first, and put the same into both configurations; for "
        "example: openssl rand -hex 32");
  }
  if (config.listen.front().starts_with(kUnix)) {
    return std::unexpected(
        "listen: Synapse asks over TCP; give an address beside the Unix socket, and name it first");
  }
  return fmt::format(
      "# Into homeserver.yaml. It holds a secret: keep it where that file is.\n"
      "# The server_name there is {} too. With this section Synapse signs nobody in by itself; it\n"
      "# refuses to start while enable_registration, password_config, an SSO provider or\n"
      "# session_lifetime is still on.\n"
      "matrix_authentication_service:\n"
      "  enabled: true\n"
      "  endpoint: {}\n"
      "  secret: {}\n"
      "  force_http2: false\n",
      config.server_name, quoted(fmt::format("http://{}/", own_address(config, ""))),
      quoted(config.homeserver_secret().reveal()));
}

std::string for_proxy(const ProxyExample& example, const Config& config) {
  std::string text(example.text);
  const std::string host = host_of(config.public_url);
  // One name for both: there is no second site for the name in people's Matrix IDs.
  if (const auto apex = text.find(kApex); host == config.server_name && apex != text.npos) {
    text.resize(apex);
  }
  const std::string homeserver =
      config.homeserver.present() ? host_and_port(config.homeserver.endpoint) : "127.0.0.1:8000";
  const std::array<std::pair<std::string_view, std::string>, 4> changes{{
      {"127.0.0.1:8008", own_address(config, example.name == "caddy" ? "unix/" : "unix:")},
      {"127.0.0.1:8000", homeserver},
      {"matrix.example.com", host},
      {"example.com", config.server_name},
  }};
  std::string changed;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::ranges::find_if(changes, [&](const auto& change) {
      return std::string_view(text).substr(at).starts_with(change.first);
    });
    if (found == changes.end()) {
      changed += text[at++];
    } else {
      changed += found->second;
      at += found->first.size();
    }
  }
  return changed;
}

}  // namespace

std::expected<std::string, std::string> homeserver_config(std::string_view of,
                                                          const Config& config) {
  if (of == "synapse") return for_synapse(config);
  const auto found = std::ranges::find(proxy_examples(), of, &ProxyExample::name);
  if (found == proxy_examples().end()) {
    return std::unexpected(
        fmt::format("there is no configuration for '{}': name synapse, nginx or caddy", of));
  }
  return for_proxy(*found, config);
}

}  // namespace latchkey::app
