#include "domain/clients/configured_clients.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "domain/clients/client_metadata.h"
#include "domain/clients/redirect_uri.h"
#include "platform/config/document.h"
#include "platform/config/file.h"
#include "platform/text/fields.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;
using Kind = text::FieldError::Kind;

constexpr std::size_t kMostClients = 1000;
constexpr std::size_t kLongestId = 255;
constexpr std::size_t kLongestSecret = 1024;
constexpr std::size_t kShortestSecret = 16;

constexpr std::array<std::pair<std::string_view, ClientAuthMethod>, 4> kMethods = {
    {{"none", ClientAuthMethod::none},
     {"client_secret_basic", ClientAuthMethod::client_secret_basic},
     {"client_secret_post", ClientAuthMethod::client_secret_post},
     {"private_key_jwt", ClientAuthMethod::private_key_jwt}}};

constexpr std::array<std::string_view, 20> kNames = {"client_id",
                                                     "client_name",
                                                     "client_uri",
                                                     "logo_uri",
                                                     "tos_uri",
                                                     "policy_uri",
                                                     "redirect_uris",
                                                     "application_type",
                                                     "post_logout_redirect_uris",
                                                     "backchannel_logout_uri",
                                                     "backchannel_logout_session_required",
                                                     "grant_types",
                                                     "response_types",
                                                     "token_endpoint_auth_method",
                                                     "client_secret",
                                                     "client_secret_file",
                                                     "jwks",
                                                     "pkce",
                                                     "first_party",
                                                     "id_token_signed_response_alg"};

// The texts that may be in several languages.
constexpr std::array<std::string_view, 5> kLocalized = {"client_name", "client_uri", "logo_uri",
                                                        "tos_uri", "policy_uri"};

bool is_in(std::string_view value, std::initializer_list<std::string_view> values) {
  return std::ranges::find(values, value) != values.end();
}

// What is wrong with a secret, as the end of a sentence; absent: nothing.
std::optional<std::string> secret_problem(std::string_view secret) {
  if (secret.size() < kShortestSecret || secret.size() > kLongestSecret) {
    return fmt::format("expected {} to {} characters", kShortestSecret, kLongestSecret);
  }
  if (secret.contains('\n')) return "expected one line";
  if (!std::ranges::all_of(secret, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return "expected ASCII without spaces";
  }
  return std::nullopt;
}

// The secret that a file holds, its one line, or what is wrong with it.
std::expected<std::string, std::string> read_secret(const std::string& path) {
  constexpr std::size_t kLineEnds = 3;  // and one byte more, to see that it is too long
  auto text = config::read_file(path, kLongestSecret + kLineEnds);
  if (!text) return std::unexpected(fmt::format("cannot read '{}': {}", path, text.error()));
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return std::unexpected(fmt::format("'{}' is empty", path));
  if (const auto problem = secret_problem(*text)) {
    return std::unexpected(fmt::format("'{}': {}", path, *problem));
  }
  return *std::move(text);
}

// Reads one client; errors stay in its fields.
class Reader {
 public:
  Reader(const json::object& entry, const std::string& folder)
      : entry_(entry), folder_(folder), fields_(entry) {}

  std::expected<Client, std::string> read() {
    refuse_unknown_names();
    const std::string id(fields_.required_string("client_id", kLongestId));
    const auto fits = [](char c) { return c > ' ' && c < '\x7f'; };
    if (!fields_.error() && (id.empty() || !std::ranges::all_of(id, fits))) {
      fields_.refuse("client_id", Kind::out_of_range, "expected ASCII without spaces");
    }
    check_texts();
    check_choices();
    Client client = client_of(id, entry_);
    client.configured = true;
    take_grants(client);
    check_redirect_uris(client);
    take_credentials(client);
    take_pkce(client);
    take_logout_uri(client);
    client.first_party = fields_.optional_bool("first_party").value_or(false);
    if (fields_.error()) return std::unexpected(fields_.error()->sentence);
    return client;
  }

 private:
  void refuse_unknown_names() {
    for (const auto& field : entry_) {
      const std::string_view name = field.key();
      const std::string_view plain = name.substr(0, name.find('#'));
      const bool known = plain == name ? std::ranges::find(kNames, name) != kNames.end()
                                       : std::ranges::find(kLocalized, plain) != kLocalized.end();
      if (!known) fields_.refuse(name, Kind::out_of_range, "is not known");
    }
  }

  void check_texts() {
    for (const auto& field : entry_) {
      const std::string_view name = field.key();
      const std::string_view plain = name.substr(0, name.find('#'));
      if (std::ranges::find(kLocalized, plain) == kLocalized.end()) continue;
      const std::string_view value = fields_.required_string(name, MetadataLimits::kUri);
      if (fields_.error()) return;
      if (plain == "client_name") {
        if (!is_showable(value)) fields_.refuse(name, Kind::bad_text, "has control characters");
        continue;
      }
      const auto uri = Uri::parse(value);
      if (!uri || uri->scheme != "https" || uri->host.empty() || uri->userinfo) {
        fields_.refuse(name, Kind::out_of_range, "expected an https URL");
      }
    }
  }

  void check_choices() {
    const auto type = fields_.optional_string("application_type");
    if (type && !is_in(*type, {"web", "native"})) {
      fields_.refuse("application_type", Kind::out_of_range, "expected web or native");
    }
    const auto signing = fields_.optional_string("id_token_signed_response_alg");
    if (signing && !is_in(*signing, {"RS256", "ES256"})) {
      fields_.refuse("id_token_signed_response_alg", Kind::out_of_range, "expected RS256 or ES256");
    }
  }

  std::vector<std::string> strings(std::string_view name) {
    if (!entry_.contains(name)) return {};
    return fields_.required_strings(name, MetadataLimits::kRedirectUris, MetadataLimits::kUri);
  }

  void take_grants(Client& client) {
    client.grant_types = strings("grant_types");
    if (!entry_.contains("grant_types")) {
      for (const Grant grant : {Grant::authorization_code, Grant::refresh_token}) {
        client.grant_types.emplace_back(name_of(grant));
      }
    }
    for (const std::string& grant : client.grant_types) {
      if (!grant_of(grant)) {
        fields_.refuse("grant_types", Kind::out_of_range,
                       fmt::format("'{}' is not a grant of this server", grant));
      }
    }
    if (!client.signs_in()) {
      fields_.refuse("grant_types", Kind::out_of_range,
                     fmt::format("expected {}", sign_in_grant_names(" or ")));
    }
    for (const std::string& response : strings("response_types")) {
      if (response != "code") {
        fields_.refuse("response_types", Kind::out_of_range,
                       fmt::format("'{}' is not a response of this server", response));
      }
    }
    client.response_types.clear();
    if (client.may(Grant::authorization_code)) client.response_types.emplace_back("code");
  }

  void check_redirect_uris(const Client& client) {
    for (const std::string_view name : {"redirect_uris", "post_logout_redirect_uris"}) {
      for (const std::string& uri : strings(name)) {
        if (const auto problem = configured_redirect_uri_problem(uri)) {
          fields_.refuse(name, Kind::out_of_range, fmt::format("'{}' {}", uri, *problem));
        }
      }
    }
    if (client.may(Grant::authorization_code) && client.redirect_uris.empty()) {
      fields_.refuse("redirect_uris", Kind::missing, "expected at least one");
    }
  }

  void take_credentials(Client& client) {
    const auto method = fields_.optional_string("token_endpoint_auth_method").value_or("none");
    const auto known = std::ranges::find(kMethods, method, [](const auto& m) { return m.first; });
    if (known == kMethods.end()) {
      fields_.refuse("token_endpoint_auth_method", Kind::out_of_range,
                     "expected none, client_secret_basic, client_secret_post or private_key_jwt");
      return;
    }
    client.auth_method = known->second;
    const bool wants_secret = client.auth_method == ClientAuthMethod::client_secret_basic ||
                              client.auth_method == ClientAuthMethod::client_secret_post;
    take_secret(client);
    if (fields_.error()) return;
    if (wants_secret && client.secret.empty()) {
      fields_.refuse("client_secret", Kind::missing, fmt::format("{} needs one", method));
    }
    if (!wants_secret && !client.secret.empty()) {
      fields_.refuse("client_secret", Kind::out_of_range,
                     fmt::format("is not used with {}: set token_endpoint_auth_method to "
                                 "client_secret_basic or client_secret_post",
                                 method));
    }
    take_keys(client, method);
  }

  void take_secret(Client& client) {
    const auto given = fields_.optional_string("client_secret", kLongestSecret);
    const auto file = fields_.optional_string("client_secret_file");
    if (!given && !file) return;
    if (given && file) {
      fields_.refuse("client_secret", Kind::out_of_range, "stands beside client_secret_file");
      return;
    }
    if (given) {
      if (const auto problem = secret_problem(*given)) {
        fields_.refuse("client_secret", Kind::out_of_range, *problem);
      } else {
        client.secret = Secret(std::string(*given));
      }
      return;
    }
    if (file->empty()) {
      fields_.refuse("client_secret_file", Kind::missing, "expected the path of a file");
      return;
    }
    auto secret = read_secret((std::filesystem::path(folder_) / *file).string());
    if (secret) {
      client.secret = Secret(*std::move(secret));
    } else {
      fields_.refuse("client_secret_file", Kind::out_of_range, secret.error());
    }
  }

  // A public client has nothing but PKCE to show that a code is its own.
  void take_pkce(Client& client) {
    const auto pkce = fields_.optional_string("pkce").value_or("required");
    if (!is_in(pkce, {"required", "optional"})) {
      fields_.refuse("pkce", Kind::out_of_range, "expected required or optional");
    }
    client.needs_pkce = pkce != "optional";
    if (!client.needs_pkce && client.auth_method == ClientAuthMethod::none) {
      fields_.refuse("pkce", Kind::out_of_range,
                     "optional is for clients with a secret or a key: set "
                     "token_endpoint_auth_method");
    }
  }

  // http, as inside a data centre, for clients that have a secret or a key to keep (OpenID Connect
  // Back-Channel Logout 1.0 section 2.2). Every logout token has a `sid`, required or not.
  void take_logout_uri(Client& client) {
    const auto required = fields_.optional_bool("backchannel_logout_session_required");
    const auto text = fields_.optional_string("backchannel_logout_uri", MetadataLimits::kUri);
    if (!text) {
      if (required) fields_.refuse("backchannel_logout_uri", Kind::missing, "expected one");
      return;
    }
    const auto uri = Uri::parse(*text);
    const bool confidential = client.auth_method != ClientAuthMethod::none;
    if (!uri || uri->host.empty() || uri->userinfo || uri->has_fragment ||
        (uri->scheme != "https" && (uri->scheme != "http" || !confidential))) {
      fields_.refuse("backchannel_logout_uri", Kind::out_of_range,
                     "expected an https URL without a user or a fragment; http is for clients "
                     "with a secret or a key");
      return;
    }
    client.backchannel_logout_uri = *text;
  }

  // Whether the keys themselves are good is for the verification to say.
  void take_keys(Client& client, std::string_view method) {
    const json::object* keys = fields_.optional_object("jwks");
    const bool wants_keys = client.auth_method == ClientAuthMethod::private_key_jwt;
    if (wants_keys != (keys != nullptr)) {
      fields_.refuse("jwks", Kind::missing,
                     wants_keys ? "private_key_jwt needs the client's public keys"
                                : fmt::format("is not used with {}", method));
      return;
    }
    if (!wants_keys) return;
    const json::array* list = fields_.required_fields("jwks").required_array("keys");
    if (fields_.error()) return;
    if (list->empty()) fields_.refuse("jwks", Kind::missing, "has no keys");
    for (const json::value& key : *list) {
      const auto* object = key.if_object();
      if (object == nullptr || !object->contains("kty")) {
        fields_.refuse("jwks", Kind::wrong_type, "has a key that is none");
      } else if (object->contains("d") || object->contains("k")) {
        fields_.refuse("jwks", Kind::out_of_range, "has a private key: give the public one alone");
      }
    }
    client.jwks = *keys;
  }

  const json::object& entry_;
  const std::string& folder_;
  text::Fields fields_;
};

// How an error names a client: by its ID once there is one.
std::string called(const json::value& entry, std::size_t index) {
  const auto* object = entry.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("client_id");
  if (id != nullptr && id->is_string() && is_showable(id->as_string())) {
    return fmt::format("client '{}'", std::string_view(id->as_string()));
  }
  return fmt::format("client number {}", index + 1);
}

}  // namespace

std::expected<std::vector<Client>, std::vector<std::string>> read_configured_clients(
    const json::object& document, const std::string& folder) {
  text::Fields fields(document);
  const json::array* list = fields.required_array("clients");
  if (fields.error()) return std::unexpected(std::vector{fields.error()->sentence});
  if (document.size() > 1) {
    return std::unexpected(std::vector<std::string>{"expected nothing but clients"});
  }
  if (list->size() > kMostClients) {
    return std::unexpected(std::vector{fmt::format("clients: more than {}", kMostClients)});
  }
  std::vector<Client> clients;
  std::vector<std::string> errors;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::value& entry = (*list)[i];
    const auto* object = entry.if_object();
    auto client = object == nullptr ? std::unexpected(std::string("expected a map"))
                                    : Reader(*object, folder).read();
    if (!client) {
      errors.push_back(fmt::format("{}: {}", called(entry, i), client.error()));
    } else if (std::ranges::find(clients, client->id, &Client::id) != clients.end()) {
      errors.push_back(called(entry, i) + ": is there twice");
    } else {
      clients.push_back(std::move(*client));
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return clients;
}

std::vector<std::string> warnings_of(const std::vector<Client>& clients) {
  std::vector<std::string> warnings;
  const auto warn = [&](const Client& client, std::string_view field, std::string_view marks) {
    warnings.push_back(
        fmt::format("client '{}': {} has one of {}, which many applications send without the "
                    "percent-encoding of RFC 6749 section 2.3.1, and are refused: choose letters, "
                    "digits, '-', '.' and '_'",
                    client.id, field, marks));
  };
  for (const Client& client : clients) {
    if (client.auth_method != ClientAuthMethod::client_secret_basic) continue;
    if (client.id.find_first_of("+%:") != std::string::npos) warn(client, "client_id", "+ % :");
    if (client.secret.reveal().find_first_of("+%") != std::string_view::npos) {
      warn(client, "client_secret", "+ %");
    }
  }
  return warnings;
}

std::expected<std::vector<Client>, std::vector<std::string>> load_configured_clients(
    const std::string& path) {
  const auto document = config::read_document(path);
  if (!document) {
    return std::unexpected(std::vector{fmt::format("{}: {}", path, document.error())});
  }
  auto clients =
      read_configured_clients(*document, std::filesystem::path(path).parent_path().string());
  if (!clients) {
    for (std::string& error : clients.error()) error.insert(0, path + ": ");
  }
  return clients;
}

}  // namespace latchkey::clients
