#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/clients/client.h"

// Which redirect URIs a client may have, and which of them a request means (spec "Redirect URI
// validation"; RFC 8252 section 7; RFC 9700 section 2.1).
namespace latchkey::clients {

// A URI of RFC 3986 as far as the rules here need it taken apart. The views point into its text.
struct Uri {
  std::string scheme;  // in lower case
  bool has_authority = false;
  std::optional<std::string_view> userinfo;
  std::string host;                      // in lower case; of an IP literal with its brackets
  std::optional<std::string_view> port;  // digits, 1 to 65535
  std::string_view rest;                 // path and query
  bool has_fragment = false;

  // Absent for what is not an absolute URI: white space, backslashes, what is not ASCII, broken
  // escapes, a port that is none. Browsers would read such a text, each in its own way.
  static std::optional<Uri> parse(std::string_view text);
};

// Two labels or more, none of them a number at the end: no address, no single label ("com" would
// be a base for half the Internet), no dot at the end.
bool is_domain_name(std::string_view host);

// localhost, 127.0.0.1 or [::1].
bool is_loopback(std::string_view host);

// A host that only a machine or a network of one's own knows: localhost, an address of such a
// network (RFC 1918, RFC 4193, link-local), or a single label, as intranets have it. An address is
// one in its usual form.
bool is_local_host(std::string_view host);

// Whose client_uri and web addresses are taken.
enum class Hosts {
  public_names,  // domain names with https
  local_too,     // also local ones, with https or http: for development and intranets
};

// https://name/… without a user; a local host may have http.
bool is_web_uri(const Uri& uri, Hosts hosts = Hosts::public_names);

// "The same host or a subdomain". What is no domain name has no subdomains.
bool within_host(std::string_view host, std::string_view base);

// As it is kept: of a native client's loopback address the port is left out, for any is accepted
// later (RFC 8252 section 7.3) and most choose another each time.
std::string kept_redirect_uri(std::string_view text, ApplicationType type);

// Why a client that registers itself cannot have the URI, as the end of a sentence; absent: it
// can. `client_host`: of its client_uri.
std::optional<std::string> redirect_uri_problem(std::string_view text, ApplicationType type,
                                                std::string_view client_host,
                                                Hosts hosts = Hosts::public_names);

// The same of a client in the configuration, which the operator answers for: any host, and any
// private-use scheme with a dot.
std::optional<std::string> configured_redirect_uri_problem(std::string_view text);

// Whether a request's URI is the registered one. Nothing is normalised. Of a loopback address of
// a native client the port does not count.
bool same_redirect_uri(std::string_view registered, std::string_view asked, ApplicationType type);

}  // namespace latchkey::clients
