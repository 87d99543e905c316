#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <vector>

#include "domain/clients/client.h"
#include "domain/clients/redirect_uri.h"
#include "platform/config/attributes.h"
#include "platform/config/types.h"

// Clients that the operator sets up, in a file of their own.
namespace latchkey::clients {

// The options of `oauth:`.
struct OauthOptions {
  config::Path clients_file;
  bool local_clients = false;

  Hosts hosts() const { return local_clients ? Hosts::local_too : Hosts::public_names; }

  template <class Visitor>
  void options(Visitor& visit) {
    visit("clients_file", clients_file,
          "A YAML file of OAuth 2.0 clients that do not register themselves: those with a secret "
          "or a key. Read at the start.",
          config::Example{"oauth-clients.yaml"});
    visit("local_clients", local_clients,
          "Let clients register themselves that are on localhost, on an address of a private "
          "network or on a host with a single label, also with http: for development and "
          "intranets.");
  }
};

// The clients of a file: `clients`, a list of maps with client_id and metadata by the names of
// RFC 7591. What is wrong comes as one sentence for each client, with the file's path; none shows
// a secret.
std::expected<std::vector<Client>, std::vector<std::string>> load_configured_clients(
    const std::string& path);

// What is likely to go wrong with them, one sentence for each; none shows a secret. Many
// applications send client_id and client_secret in the header as they are, where they have to be
// percent-encoded first (RFC 6749 section 2.3.1).
std::vector<std::string> warnings_of(const std::vector<Client>& clients);

// The same of a document. `folder`: from which a client_secret_file is taken.
std::expected<std::vector<Client>, std::vector<std::string>> read_configured_clients(
    const boost::json::object& document, const std::string& folder);

}  // namespace latchkey::clients
