#include "app/homeserver_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <boost/url/parse.hpp>
#include <stdexcept>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "platform/http/listener.h"
#include "platform/http/public_url.h"

namespace latchkey::app {
namespace {

// Of the examples.
constexpr std::string_view kApex = "\n# The name in people's Matrix IDs";
constexpr std::string_view kCapabilities =
    "# The homeserver's answer with Latchkey's laid over. Without homeserver.kind";

// A string in YAML, of which JSON's are a part.
std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

// Where others on this machine reach this server: its first address.
std::string own_address(const Config& config, std::string_view unix_prefix) {
  const http::LocalAddress own = http::local_address(config.listen.front());
  return own.unix_path.empty() ? own.host_and_port : std::string(unix_prefix) + own.unix_path;
}

// From a comment to the end of the block that it stands before, with the lines' indentation.
void cut_block(std::string& text, std::string_view comment) {
  const auto found = text.find(comment);
  if (found == text.npos) throw std::logic_error("an example has no block to cut");
  const auto line = text.rfind('\n', found) + 1;
  const std::string end = "\n" + text.substr(line, found - line) + "}\n";
  text.erase(line, text.find(end, found) + end.size() - line);
}

// The homeserver's address as the examples can say it: over HTTP, with no path before Matrix's.
std::expected<std::string, std::string> homeserver_address(const Config& config) {
  if (!config.homeserver.present()) return "127.0.0.1:8000";
  const std::string& endpoint = config.homeserver.endpoint;
  const auto url = boost::urls::parse_uri(endpoint);
  if (!url || url->scheme() != "http" ||
      url->encoded_path().find_first_not_of("/") != boost::core::string_view::npos) {
    return std::unexpected(fmt::format(
        "homeserver.endpoint: '{}' has https or a path, which the example has no lines for; start "
        "from the file in config/ and docs/connecting/proxy.md, or give Synapse a listener with "
        "HTTP on this machine, as 'http://127.0.0.1:8000/'",
        endpoint));
  }
  return std::string(url->encoded_host_and_port());
}

std::expected<std::string, std::string> for_synapse(const Config& config) {
  if (config.homeserver_secret().empty()) {
    return std::unexpected(
        "homeserver.secret: choose one first, and put the same into both configurations; for "
        "example: openssl rand -hex 32");
  }
  if (!http::local_address(config.listen.front()).unix_path.empty()) {
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

std::expected<std::string, std::string> for_proxy(const ProxyExample& example,
                                                  const Config& config) {
  const auto homeserver = homeserver_address(config);
  if (!homeserver) return std::unexpected(homeserver.error());
  const http::PublicUrl public_url(config.public_url);
  const auto url = boost::urls::parse_uri(public_url.origin());
  if (!url) return std::unexpected("public_url: is not an address");
  const std::string host(url->encoded_host());
  const std::string port = url->port().empty() ? "443" : std::string(url->port());
  const std::string name(accounts::host_of_server_name(config.server_name));
  std::string text(example.text);
  // Without homeserver.kind nothing could be laid over the homeserver's answer.
  if (!config.homeserver.present()) cut_block(text, kCapabilities);
  // One address for both: there is no second site for the name in people's Matrix IDs.
  if (const auto apex = text.find(kApex); host == name && port == "443" && apex != text.npos) {
    text.resize(apex);
  }
  // The first that fits is taken.
  const std::array<std::pair<std::string_view, std::string>, 8> changes{{
      {"127.0.0.1:8008", own_address(config, example.name == "caddy" ? "unix/" : "unix:")},
      {"127.0.0.1:8000", *homeserver},
      {"https://matrix.example.com", std::string(public_url.without_slash())},
      {"matrix.example.com:443", host + ":" + port},
      // Caddy's site, and the first of nginx's.
      {"\nmatrix.example.com, ", "\n" + host + (port == "443" ? "" : ":" + port) + ", "},
      {"443 ssl http2;\n    listen [::]:443 ssl http2;\n    # For servers",
       fmt::format("{0} ssl http2;\n    listen [::]:{0} ssl http2;\n    # For servers", port)},
      {"matrix.example.com", host},
      {"example.com", name},
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
