#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/jose/key.h"
#include "platform/time.h"

namespace latchkey::outbound {

// The options of a provider of the kind `oidc`, beside those that every kind has.
struct OidcOptions {
  enum class Protocol { oidc, oauth2 };
  enum class ClientAuth {
    client_secret_basic,
    client_secret_post,
    client_secret_jwt,
    private_key_jwt,
    none
  };
  enum class ResponseMode { query, form_post };
  enum class Userinfo { when_offered, required, never };

  std::string issuer;
  std::vector<std::string> tenants;
  Protocol protocol = Protocol::oidc;
  bool discovery = true;
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;
  std::string jwks_uri;
  std::string end_session_endpoint;
  std::string client_id;
  config::Secret client_secret;
  config::Secret client_key;
  ClientAuth client_auth = ClientAuth::client_secret_basic;
  std::vector<std::string> scopes = {"openid", "profile", "email"};
  ResponseMode response_mode = ResponseMode::query;
  bool pkce = true;
  std::string subject = "sub";
  Userinfo userinfo = Userinfo::when_offered;
  bool userinfo_signed = false;
  std::vector<std::string> id_token_algorithms = {"RS256", "RS384", "RS512",  "PS256",
                                                  "PS384", "PS512", "ES256",  "ES384",
                                                  "ES512", "EdDSA", "Ed25519"};
  std::vector<std::string> other_audiences;
  std::vector<std::string> acr_values;
  bool acr_required = false;
  std::string prompt;
  std::vector<std::string> parameters;
  bool forward_login_hint = true;
  bool front_channel_logout = false;
  Duration clock_skew = std::chrono::seconds{60};
  Duration timeout = std::chrono::seconds{10};
  config::Path ca_file;

  bool openid() const { return protocol == Protocol::oidc; }
  // Whether the provider calls itself so in what it says: `issuer`, or that of one of its tenants.
  bool is_issuer(std::string_view name) const;
  // The address below which its metadata are.
  std::string metadata_issuer() const;
  std::vector<jose::Algorithm> algorithms() const;
  // `parameters`, taken apart.
  std::vector<std::pair<std::string, std::string>> named_parameters() const;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("issuer", issuer,
          "The provider's own name for itself, letter for letter: the address under which its "
          "metadata are.",
          config::Example{"https://login.example.com/"});
    visit(
        "tenants", tenants,
        "Whose people may come, where a provider speaks for many organisations: the IDs that stand "
        "for {tenantid} in the issuer (Microsoft Entra ID).",
        config::Between{0, 1000}, config::Example{"[\"9122040d-6c67-4c5b-b112-36a304b66dad\"]"});
    visit("protocol", protocol,
          "What it speaks: OpenID Connect, or OAuth 2.0 alone, where only its userinfo_endpoint "
          "says who somebody is.",
          config::Choices<Protocol>{{"oidc", Protocol::oidc}, {"oauth2", Protocol::oauth2}});
    visit("discovery", discovery,
          "Whether its metadata are read; what is configured here is taken instead of theirs.");
    visit("authorization_endpoint", authorization_endpoint, "Where people are sent.");
    visit("token_endpoint", token_endpoint, "Where this server brings the code.");
    visit("userinfo_endpoint", userinfo_endpoint, "Where it asks for what is known of a person.");
    visit("jwks_uri", jwks_uri, "Where the provider's keys are.");
    visit("end_session_endpoint", end_session_endpoint,
          "Where people are sent who sign out here and want to be signed out there too.");
    visit("client_id", client_id, "How the provider knows this server.",
          config::Example{"latchkey"});
    visit("client_secret", client_secret, "The secret that goes with it.");
    visit("client_key", client_key,
          "The private key that this server proves itself with, a JSON Web Key.");
    visit("client_auth", client_auth, "How this server proves itself at the token_endpoint.",
          config::Choices<ClientAuth>{{"client_secret_basic", ClientAuth::client_secret_basic},
                                      {"client_secret_post", ClientAuth::client_secret_post},
                                      {"client_secret_jwt", ClientAuth::client_secret_jwt},
                                      {"private_key_jwt", ClientAuth::private_key_jwt},
                                      {"none", ClientAuth::none}});
    visit("scopes", scopes, "What this server asks to know of people.", config::Between{0, 50});
    visit("response_mode", response_mode,
          "How browsers bring the answer back: in the address, or as a form.",
          config::Choices<ResponseMode>{{"query", ResponseMode::query},
                                        {"form_post", ResponseMode::form_post}});
    visit("pkce", pkce, "Whether codes are bound to this server (RFC 7636, S256).");
    visit("subject", subject,
          "The claim by which a person is known for ever. Another than sub only where the "
          "provider says that it never changes and is never given to somebody else.",
          config::Between{1, 100});
    visit("userinfo", userinfo, "Whether the userinfo_endpoint is asked too.",
          config::Choices<Userinfo>{{"when_offered", Userinfo::when_offered},
                                    {"required", Userinfo::required},
                                    {"never", Userinfo::never}});
    visit("userinfo_signed", userinfo_signed,
          "Whether what it answers has to be signed by the provider.");
    visit("id_token_algorithms", id_token_algorithms,
          "What the provider may sign with. HS256, with the client_secret, only if it is listed.",
          config::Between{1, 20});
    visit("other_audiences", other_audiences, "Whom its ID tokens may be for besides this server.",
          config::Between{0, 20});
    visit("acr_values", acr_values,
          "How people should prove themselves there, the best way first (acr_values).",
          config::Between{0, 20});
    visit("acr_required", acr_required, "Whether it has to have been one of these.");
    visit("prompt", prompt, "What the provider asks people each time, such as select_account.");
    visit("parameters", parameters, "What is sent along with everybody, as name=value.",
          config::Between{0, 20}, config::Example{"[\"hd=example.com\"]"});
    visit("forward_login_hint", forward_login_hint,
          "Whether the provider is told whom an app wants to sign in.");
    visit("front_channel_logout", front_channel_logout,
          "Whether a sign-out that a browser brings from the provider ends the session here.");
    visit("clock_skew", clock_skew, "How much its clock may be off.", config::Between{0s, 10min});
    visit("timeout", timeout, "How long this server waits for an answer of it.",
          config::Between{100ms, 1min});
    visit("ca_file", ca_file,
          "Certificates (PEM) by which it is known, instead of those of this machine.");
  }

  // Rules between these options.
  std::vector<std::string> problems() const;
};

}  // namespace latchkey::outbound
