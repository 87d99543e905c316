#include "outbound/oidc/oidc_options.h"

#include <algorithm>
#include <array>

#include "outbound/oidc/client_key.h"
#include "outbound/provider_calls/address.h"
#include "outbound/provider_calls/ca_file.h"

namespace latchkey::outbound {
namespace {

using ClientAuth = OidcOptions::ClientAuth;

// What this server says itself of each sign-in.
constexpr std::array<std::string_view, 17> kOwnParameters{
    "response_type", "client_id",     "redirect_uri",   "scope",
    "state",         "nonce",         "code_challenge", "code_challenge_method",
    "response_mode", "prompt",        "max_age",        "login_hint",
    "acr_values",    "client_secret", "request",        "request_uri",
    "id_token_hint"};

// Of Microsoft Entra ID: what stands in the issuer for the organisation whose people these are, and
// the one that is none, to which private accounts belong (its documentation of OpenID Connect).
constexpr std::string_view kTenant = "{tenantid}";
constexpr std::string_view kPrivateAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad";

std::string of_tenant(std::string issuer, std::string_view tenant) {
  const std::size_t at = issuer.find(kTenant);
  return at == issuer.npos ? issuer : issuer.replace(at, kTenant.size(), tenant);
}

// A UUID, in the small letters in which tokens have it.
bool is_tenant(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, kForm, [](char c, char form) {
    if (form == '-') return c == '-';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

class Problems {
 public:
  explicit Problems(const OidcOptions& options) : of_(options) {}

  std::vector<std::string> all() {
    addresses();
    tenants();
    protocol();
    client();
    algorithms();
    questions();
    return std::move(found_);
  }

 private:
  void say(std::string sentence) { found_.push_back(std::move(sentence)); }

  void addresses() {
    if (of_.issuer.empty() && (of_.openid() || of_.discovery)) {
      say("issuer: the provider's own name must be given, try 'https://login.example.com/'");
    } else if (!of_.issuer.empty() && !is_address(of_.metadata_issuer(), Query::no)) {
      say("issuer: '" + of_.issuer +
          "' is not an address, try one like 'https://login.example.com/'");
    }
    const bool plain = of_.issuer.starts_with("http:");
    const struct {
      const char* name;
      const std::string& value;
      bool needed;
    } rows[] = {
        {"authorization_endpoint", of_.authorization_endpoint, true},
        {"token_endpoint", of_.token_endpoint, true},
        {"userinfo_endpoint", of_.userinfo_endpoint,
         !of_.openid() || of_.userinfo == OidcOptions::Userinfo::required},
        {"jwks_uri", of_.jwks_uri, of_.openid()},
        {"end_session_endpoint", of_.end_session_endpoint, false},
    };
    for (const auto& row : rows) {
      if (row.value.empty()) {
        if (row.needed && !of_.discovery) {
          say(std::string(row.name) + ": without discovery it must be given");
        }
      } else if (!is_address(row.value, Query::may)) {
        say(std::string(row.name) + ": '" + row.value + "' is not an address");
      } else if (row.value.starts_with("http:") && !plain && !is_loopback(row.value)) {
        say(std::string(row.name) + ": must begin with https, as the issuer does");
      }
    }
  }

  void protocol() {
    if (of_.openid()) {
      if (!has(of_.scopes, "openid")) say("scopes: 'openid' must be among them");
      return;
    }
    if (of_.subject == "sub") {
      say("subject: with 'protocol: oauth2' the claim must be given by which people are known, "
          "such "
          "as 'id'");
    }
    if (of_.userinfo == OidcOptions::Userinfo::never) {
      say("userinfo: with 'protocol: oauth2' nothing else says who somebody is");
    }
    if (of_.acr_required) say("acr_required: only an ID token says how people proved themselves");
    if (of_.front_channel_logout) say("front_channel_logout: is of OpenID Connect");
  }

  // sub is another one for each client, and so for each tenant's person; what an organisation sets
  // itself could be made to be another's.
  void tenants() {
    const bool pattern = of_.issuer.contains(kTenant);
    if (pattern && of_.tenants.empty()) {
      say("tenants: the issuer has {tenantid} in it, so they must be listed");
    }
    if (!pattern && !of_.tenants.empty()) {
      say("tenants: the issuer must have {tenantid} in it, try "
          "'https://login.microsoftonline.com/{tenantid}/v2.0'");
    }
    if (!of_.tenants.empty() && of_.subject != "sub") {
      say("subject: must be sub where there are tenants, who choose the other claims");
    }
    for (const std::string& one : of_.tenants) {
      if (!is_tenant(one)) {
        say("tenants: '" + one + "' is no ID like 9122040d-6c67-4c5b-b112-36a304b66dad");
      }
    }
  }

  void client() {
    if (of_.client_id.empty()) say("client_id: must be given");
    switch (of_.client_auth) {
      case ClientAuth::client_secret_basic:
      case ClientAuth::client_secret_post:
        if (of_.client_secret.empty()) {
          say("client_secret: must be given, or 'client_auth: none' if there is none");
        }
        break;
      case ClientAuth::client_secret_jwt:
        // RFC 7518 section 3.2: no shorter than the hash.
        if (of_.client_secret.reveal().size() < 32) {
          say("client_secret: 'client_auth: client_secret_jwt' wants 32 characters or more");
        }
        break;
      case ClientAuth::private_key_jwt:
        if (const auto key = oidc::client_key(of_.client_key); !key) {
          say("client_key: " + key.error());
        }
        break;
      case ClientAuth::none:
        if (!of_.pkce) say("pkce: is needed where this server does not prove itself");
        break;
    }
  }

  void algorithms() {
    for (const std::string& name : of_.id_token_algorithms) {
      if (!jose::algorithm_of(name)) {
        say("id_token_algorithms: '" + name + "' is none of those that this server knows");
      }
    }
    if (has(of_.id_token_algorithms, "HS256") && of_.client_secret.reveal().size() < 32) {
      say("id_token_algorithms: HS256 wants a client_secret of 32 characters or more");
    }
  }

  void questions() {
    for (const std::string& one : of_.parameters) {
      const std::string name = one.substr(0, one.find('='));
      if (name.empty() || name.size() == one.size()) {
        say("parameters: '" + one + "' is not like name=value");
      } else if (std::ranges::find(kOwnParameters, name) != kOwnParameters.end()) {
        say("parameters: '" + name + "' is said by this server itself");
      }
    }
    if (of_.prompt == "none") say("prompt: with 'none' nobody who is not signed in there could");
    if (of_.acr_required && of_.acr_values.empty()) say("acr_values: none is required");
    if (auto wrong = problem_of_ca_file(of_.ca_file.value)) say(*std::move(wrong));
  }

  const OidcOptions& of_;
  std::vector<std::string> found_;
};

}  // namespace

bool OidcOptions::is_issuer(std::string_view name) const {
  if (tenants.empty()) return name == issuer;
  return std::ranges::any_of(
      tenants, [&](const std::string& tenant) { return name == of_tenant(issuer, tenant); });
}

std::string OidcOptions::metadata_issuer() const {
  // Of everybody, or of organisations alone, who then read nothing of private accounts.
  const bool everybody = std::ranges::find(tenants, kPrivateAccounts) != tenants.end();
  return of_tenant(issuer, everybody ? "common" : "organizations");
}

std::vector<jose::Algorithm> OidcOptions::algorithms() const {
  std::vector<jose::Algorithm> known;
  for (const std::string& name : id_token_algorithms) {
    if (const auto algorithm = jose::algorithm_of(name)) known.push_back(*algorithm);
  }
  return known;
}

std::vector<std::pair<std::string, std::string>> OidcOptions::named_parameters() const {
  std::vector<std::pair<std::string, std::string>> named;
  for (const std::string& one : parameters) {
    const std::size_t end = one.find('=');
    if (end != one.npos) named.emplace_back(one.substr(0, end), one.substr(end + 1));
  }
  return named;
}

std::vector<std::string> OidcOptions::problems() const { return Problems(*this).all(); }

}  // namespace latchkey::outbound
