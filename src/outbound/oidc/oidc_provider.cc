#include "outbound/oidc/oidc_provider.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "outbound/oidc/claims.h"
#include "outbound/provider_calls/address.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/random.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using oidc::Metadata;
using providers::Failure;
using providers::Fields;
using providers::Reply;
using providers::single;
using Why = Failure::Why;

constexpr std::size_t kSecretCharacters = 43;  // of base62: 256 bits
constexpr std::size_t kMaxSession = 255;       // bytes of sid
constexpr std::size_t kMaxLink = 4096;         // characters that a browser is sent to

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) {
    if (!text.empty()) text += ' ';
    text += one;
  }
  return text;
}

std::string challenge_of(std::string_view verifier) {
  return text::encode_base64url(crypto::sha256(verifier));
}

// Some have it as a text.
void mend_truth(json::object& claims, std::string_view name) {
  auto* value = claims.if_contains(name);
  if (value == nullptr || !value->is_string()) return;
  if (value->get_string() == "true")
    *value = true;
  else if (value->get_string() == "false")
    *value = false;
}

std::string_view sentence_of(std::string_view reason) {
  using namespace oidc::fault;
  if (reason == kMalformed) return " is no signed token (JWS)";
  if (reason == kAlgorithm) return " is signed with an algorithm that id_token_algorithms lacks";
  if (reason == kType) return " is a token of another kind (typ)";
  if (reason == kCritical) return " wants what nobody here understands (crit)";
  if (reason == kUnknownKey) return " is signed with a key that the provider does not publish";
  return " has a signature that is not the provider's";
}

Reply<json::object> object_of(const http_client::Answer& answer, const std::string& whom) {
  if (answer.status != 200) {
    return std::unexpected(failure(Why::misconfigured, "not_there",
                                   whom + " answered " + std::to_string(answer.status)));
  }
  auto object = text::parse_object(answer.body);
  if (!object) {
    return std::unexpected(
        failure(Why::not_believed, "not_json", whom + ": " + object.error().sentence));
  }
  return std::move(*object);
}

// Together: what is signed and about this very sign-in counts first.
json::object merged(json::object first, const json::object& second) {
  for (const auto& member : second) first.emplace(member.key(), member.value());
  return first;
}

}  // namespace

OidcProvider::OidcProvider(Parts parts)
    : parts_(std::move(parts)),
      options_(parts_.options),
      algorithms_(options_.algorithms()),
      calls_(options_.timeout, options_.ca_file.value),
      metadata_(parts_.clock, [this](const CallLimits& limits) { return fetch_metadata(limits); }),
      keys_(parts_.clock, [this](const CallLimits& limits) { return fetch_keys(limits); }) {}

Reply<Metadata> OidcProvider::fetch_metadata(const CallLimits& limits) const {
  if (!options_.discovery) return oidc::configured_metadata(options_);
  const std::string url = oidc::metadata_url(options_);
  auto answer = calls_.send({.method = "GET", .url = url, .accept = "application/json"},
                            "the provider's metadata at " + url, limits);
  auto document = answer ? object_of(*answer, "the provider's metadata at " + url)
                         : std::unexpected(std::move(answer.error()));
  auto metadata = document ? oidc::read_metadata(*document, options_)
                           : std::unexpected(std::move(document.error()));
  if (!metadata) {
    parts_.log.warning("an identity provider's metadata were not read",
                       {{"issuer", options_.issuer}, {"why", metadata.error().sentence}});
  }
  return metadata;
}

Reply<oidc::KeySet> OidcProvider::fetch_keys(const CallLimits& limits) {
  const auto metadata = metadata_.get(limits);
  if (!metadata) return std::unexpected(metadata.error());
  const std::string& url = (*metadata)->jwks_uri;
  if (url.empty()) {
    return std::unexpected(
        failure(Why::misconfigured, "no_keys", "the provider publishes no keys (jwks_uri)"));
  }
  const std::string whom = "the provider's jwks_uri " + url;
  auto answer =
      calls_.send({.method = "GET", .url = url, .accept = "application/json"}, whom, limits);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const auto document = object_of(*answer, whom);
  if (!document) return std::unexpected(document.error());
  auto keys = oidc::KeySet::read(*document);
  if (!keys) {
    return std::unexpected(failure(Why::not_believed, "not_keys", whom + ": " + keys.error()));
  }
  return std::move(*keys);
}

Reply<oidc::Verified> OidcProvider::verify(std::string_view token, std::string_view what,
                                           std::initializer_list<std::string_view> types,
                                           KeyCache::Budget& budget, const CallLimits& limits) {
  const oidc::Verification how{
      .allowed = algorithms_, .client_secret = options_.client_secret, .types = types};
  const auto refused = [what](std::string_view reason) {
    return std::unexpected(
        failure(Why::not_believed, reason, std::string(what) += sentence_of(reason)));
  };
  // What no key could help is not worth a question.
  auto verified = oidc::verify(token, oidc::KeySet(), how);
  if (verified) return std::move(*verified);  // with the client's secret
  if (verified.error() != oidc::fault::kUnknownKey) return refused(verified.error());

  auto keys = keys_.get(limits);
  if (!keys) return std::unexpected(std::move(keys.error()));
  verified = oidc::verify(token, **keys, how);
  if (verified) return std::move(*verified);
  // A new key, perhaps under an old name.
  const auto newer = keys_.renew(*keys, budget, limits);
  if (newer && *newer != *keys) verified = oidc::verify(token, **newer, how);
  if (!verified) return refused(verified.error());
  return std::move(*verified);
}

Reply<providers::Departure> OidcProvider::begin(const providers::Beginning& beginning,
                                                const CallLimits& limits) {
  if (beginning.again && !options_.openid()) {
    return std::unexpected(failure(Why::not_fresh, "missing_auth_time",
                                   "OAuth 2.0 alone does not say when a person signed in"));
  }
  const auto metadata = metadata_.get(limits);
  if (!metadata) return std::unexpected(metadata.error());
  json::object memo;
  Parameters query{{"response_type", "code"},
                   {"client_id", options_.client_id},
                   {"redirect_uri", parts_.callback},
                   {"state", beginning.state}};
  if (!options_.scopes.empty()) query.emplace_back("scope", joined(options_.scopes));
  if (options_.openid()) {
    const std::string nonce = crypto::random_text(crypto::kBase62, kSecretCharacters);
    memo["nonce"] = nonce;
    query.emplace_back("nonce", nonce);
  }
  if (options_.pkce) {
    const std::string verifier = crypto::random_text(crypto::kBase62, kSecretCharacters);
    memo["verifier"] = verifier;
    query.emplace_back("code_challenge", challenge_of(verifier));
    query.emplace_back("code_challenge_method", "S256");
  }
  if (options_.response_mode == OidcOptions::ResponseMode::form_post) {
    query.emplace_back("response_mode", "form_post");
  }
  // Some heed only one of the two.
  if (beginning.again) {
    query.emplace_back("max_age", "0");
    query.emplace_back("prompt", "login");
  } else if (!options_.prompt.empty()) {
    query.emplace_back("prompt", options_.prompt);
  }
  if (!options_.acr_values.empty()) query.emplace_back("acr_values", joined(options_.acr_values));
  if (options_.forward_login_hint && !beginning.login_hint.empty()) {
    query.emplace_back("login_hint", beginning.login_hint);
  }
  for (auto& parameter : options_.named_parameters()) query.push_back(std::move(parameter));
  return providers::Departure{.url = with_query((*metadata)->authorization_endpoint, query),
                              .memo = json::serialize(memo)};
}

std::optional<std::string> OidcProvider::state_of(const Fields& fields) const {
  const auto state = single(fields, "state");
  if (!state || state->empty()) return std::nullopt;
  return std::string(*state);
}

Reply<providers::Person> OidcProvider::finish(const providers::Returned& returned,
                                              const CallLimits& limits) {
  const Fields& fields = returned.fields;
  const auto repeated = [&](std::string_view name) {
    return std::ranges::count(fields, name, &Fields::value_type::first) > 1;
  };
  for (const std::string_view name : {"code", "state", "iss", "error"}) {
    if (!repeated(name)) continue;
    return std::unexpected(failure(Why::not_believed, "repeated_parameter",
                                   "the answer has " + std::string(name) + " twice"));
  }
  const auto found = metadata_.get(limits);
  if (!found) return std::unexpected(found.error());
  const Metadata& metadata = **found;
  // RFC 9207 section 2.4: before anything else of it is believed.
  const auto issuer = single(fields, "iss");
  if (issuer && !options_.issuer.empty() && !options_.is_issuer(*issuer)) {
    return std::unexpected(
        failure(Why::not_believed, "mixed_up_issuer", "the answer is of another provider (iss)"));
  }
  if (!issuer && metadata.names_itself) {
    return std::unexpected(
        failure(Why::not_believed, "missing_issuer",
                "the answer does not say of whom it is (iss), as the provider's metadata promise"));
  }
  if (const auto error = single(fields, "error")) {
    return std::unexpected(
        oidc::refusal_of(*error, single(fields, "error_description").value_or(""), returned.again));
  }
  const auto code = single(fields, "code");
  if (!code || code->empty()) {
    return std::unexpected(
        failure(Why::not_believed, "missing_code", "the answer has no code and no error"));
  }
  const auto memo = text::parse_object(returned.memo);
  if (!memo) {
    return std::unexpected(
        failure(Why::not_believed, "malformed_memo", "what was noted of the sign-in is lost"));
  }

  const oidc::Code exchanged{
      .code = *code, .redirect_uri = parts_.callback, .verifier = text::text_of(*memo, "verifier")};
  const auto answer = calls_.send(
      oidc::token_request(metadata.token_endpoint, exchanged, options_, parts_.clock.now()),
      "the token_endpoint", limits);
  if (!answer) return std::unexpected(answer.error());
  const auto tokens = oidc::read_tokens(*answer);
  if (!tokens) return std::unexpected(tokens.error());

  providers::Person person;
  if (options_.openid()) {
    auto claims = read_id_token(*tokens, text::text_of(*memo, "nonce"), returned, limits);
    if (!claims) return std::unexpected(std::move(claims.error()));
    person.claims = std::move(*claims);
    person.authenticated_at = oidc::time_of(person.claims, "auth_time");
    const std::string_view session = text::text_of(person.claims, "sid");
    if (session.size() <= kMaxSession && session.find('\0') == session.npos) {
      person.session.name = session;
    }
    if (!metadata.end_session_endpoint.empty()) person.session.hint = Secret(tokens->id_token);
  }
  auto more = ask_userinfo(metadata, *tokens, limits);
  if (!more) return std::unexpected(std::move(more.error()));
  if (options_.openid() && !more->empty() &&
      text::text_of(*more, "sub") != text::text_of(person.claims, "sub")) {
    return std::unexpected(failure(Why::not_believed, "other_subject",
                                   "the userinfo_endpoint speaks of somebody else (sub)"));
  }
  person.claims = merged(std::move(person.claims), *more);
  mend_truth(person.claims, "email_verified");
  mend_truth(person.claims, "phone_number_verified");
  person.subject = oidc::subject_of(person.claims, options_.subject);
  if (person.subject.empty()) {
    return std::unexpected(
        failure(Why::not_believed, "missing_subject",
                "the provider does not say who it is: there is no '" + options_.subject + "'"));
  }
  return person;
}

Reply<json::object> OidcProvider::read_id_token(const oidc::Tokens& tokens, std::string_view nonce,
                                                const providers::Returned& returned,
                                                const CallLimits& limits) {
  if (tokens.id_token.empty()) {
    return std::unexpected(
        failure(Why::not_believed, "missing_id_token",
                "the token_endpoint gave no ID token; is 'openid' among the scopes?"));
  }
  auto verified = verify(tokens.id_token, "the ID token", {"jwt"}, for_sign_ins_, limits);
  if (!verified) return std::unexpected(std::move(verified.error()));
  const oidc::Expected expected{
      .options = options_,
      .now = parts_.clock.now(),
      .nonce = nonce,
      .access_token = tokens.access_token,
      .algorithm = verified->algorithm,
      .proved_after = returned.again ? std::optional(returned.begun_at) : std::nullopt};
  if (auto fault = oidc::judge_id_token(verified->claims, expected)) {
    return std::unexpected(std::move(*fault));
  }
  return std::move(verified->claims);
}

// Empty: it was not asked.
Reply<json::object> OidcProvider::ask_userinfo(const Metadata& metadata, const oidc::Tokens& tokens,
                                               const CallLimits& limits) {
  using Userinfo = OidcOptions::Userinfo;
  if (options_.userinfo == Userinfo::never) return json::object{};
  const bool needed = !options_.openid() || options_.userinfo == Userinfo::required;
  if (metadata.userinfo_endpoint.empty()) {
    if (!needed) return json::object{};
    return std::unexpected(
        failure(Why::misconfigured, "no_userinfo", "the provider has no userinfo_endpoint"));
  }
  if (tokens.access_token.empty()) {
    return std::unexpected(failure(Why::not_believed, "missing_access_token",
                                   "the token_endpoint gave no access token (Bearer)"));
  }
  auto answer = calls_.send({.method = "GET",
                             .url = metadata.userinfo_endpoint,
                             .accept = "application/json, application/jwt",
                             .authorization = "Bearer " + tokens.access_token},
                            "the userinfo_endpoint", limits);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return read_userinfo(*answer, limits);
}

// Core section 5.3.2.
Reply<json::object> OidcProvider::read_userinfo(const http_client::Answer& answer,
                                                const CallLimits& limits) {
  const std::string whom = "the userinfo_endpoint";
  if (answer.status != 200) {
    return std::unexpected(failure(Why::not_believed, "refused_userinfo",
                                   whom + " answered " + std::to_string(answer.status)));
  }
  const std::size_t first = answer.body.find_first_not_of(" \t\r\n");
  const bool plain = first != answer.body.npos && answer.body[first] == '{';
  if (plain && options_.userinfo_signed) {
    return std::unexpected(failure(Why::not_believed, "unsigned_userinfo",
                                   "what " + whom + " says is not signed (userinfo_signed)"));
  }
  json::object claims;
  if (plain) {
    auto object = object_of(answer, whom);
    if (!object) return std::unexpected(std::move(object.error()));
    claims = std::move(*object);
  } else {
    const std::size_t last = answer.body.find_last_not_of(" \t\r\n");
    const std::string_view token =
        first == answer.body.npos ? std::string_view()
                                  : std::string_view(answer.body).substr(first, last - first + 1);
    auto verified = verify(token, "what " + whom + " says", {"jwt"}, for_sign_ins_, limits);
    if (!verified) return std::unexpected(std::move(verified.error()));
    claims = std::move(verified->claims);
    if (claims.contains("iss") && !options_.is_issuer(text::text_of(claims, "iss"))) {
      return std::unexpected(failure(Why::not_believed, "wrong_issuer",
                                     "what " + whom + " says is of another provider (iss)"));
    }
    if (claims.contains("aud") && !oidc::is_for(claims, options_.client_id)) {
      return std::unexpected(failure(Why::not_believed, "wrong_audience",
                                     "what " + whom + " says is for another client (aud)"));
    }
    if (const auto expires = oidc::time_of(claims, "exp");
        expires && parts_.clock.now() >= *expires + options_.clock_skew) {
      return std::unexpected(
          failure(Why::not_believed, "expired", "what " + whom + " says has expired"));
    }
  }
  if (claims.empty()) {
    return std::unexpected(failure(Why::not_believed, "missing_subject", whom + " says nothing"));
  }
  return claims;
}

Reply<providers::LogoutNotice> OidcProvider::read_logout(const Fields& fields,
                                                         const CallLimits& limits) {
  if (!options_.openid()) {
    return std::unexpected(
        failure(Why::not_believed, "no_logout", "OAuth 2.0 tells nobody of a sign-out"));
  }
  const auto token = single(fields, "logout_token");
  if (!token) return read_front_channel(fields);
  // The type was not there from the beginning; what it says of a sign-out tells it apart as well.
  auto verified = verify(*token, "the logout token", {"logout+jwt", "jwt"}, for_sign_outs_, limits);
  if (!verified) return std::unexpected(std::move(verified.error()));
  return oidc::read_logout_token(verified->claims,
                                 {.options = options_, .now = parts_.clock.now()});
}

// Front-Channel Logout 1.0 section 2. Whoever knows the session's name may end it.
Reply<providers::LogoutNotice> OidcProvider::read_front_channel(const Fields& fields) const {
  const auto session = single(fields, "sid");
  if (!options_.front_channel_logout || !session) {
    return std::unexpected(
        failure(Why::not_believed, "missing_logout_token", "the message has no logout_token"));
  }
  if (!options_.is_issuer(single(fields, "iss").value_or(""))) {
    return std::unexpected(failure(Why::not_believed, "wrong_issuer",
                                   "the sign-out is not of the configured issuer (iss)"));
  }
  if (session->empty() || session->size() > kMaxSession || session->find('\0') != session->npos) {
    return std::unexpected(
        failure(Why::not_believed, "malformed_claim", "sid is the name of no session"));
  }
  return providers::LogoutNotice{.subject = {},
                                 .session = std::string(*session),
                                 // It may come again, after another sign-in of the same session.
                                 .id = crypto::random_text(crypto::kBase62, kSecretCharacters),
                                 .expires_at = parts_.clock.now() + options_.clock_skew};
}

// RP-Initiated Logout 1.0 section 2.
std::optional<providers::Departure> OidcProvider::sign_out(const providers::SigningOut& leaving) {
  auto metadata = metadata_.known();
  if (!metadata) {
    const auto asked =
        metadata_.get({.deadline = std::chrono::steady_clock::now() + kSignOutWaits});
    if (!asked) return std::nullopt;
    metadata = *asked;
  }
  if (metadata->end_session_endpoint.empty()) return std::nullopt;
  Fields fields{{"client_id", options_.client_id}};
  const Secret& hint = leaving.session.hint;
  if (!hint.empty()) fields.emplace_back("id_token_hint", hint.reveal());
  if (!leaving.return_to.empty()) {
    fields.emplace_back("post_logout_redirect_uri", leaving.return_to);
    if (!leaving.state.empty()) fields.emplace_back("state", leaving.state);
  }
  std::string link = with_query(metadata->end_session_endpoint, fields);
  if (link.size() <= kMaxLink) return providers::Departure{.url = std::move(link)};
  return providers::Departure{.url = metadata->end_session_endpoint, .posted = std::move(fields)};
}

Reply<std::vector<std::string>> OidcProvider::test(const CallLimits& limits) {
  // What is true now, not what was known before.
  const auto metadata = fetch_metadata(limits);
  if (!metadata) return std::unexpected(metadata.error());
  std::vector<std::string> said;
  said.push_back(options_.discovery ? "the metadata are those of " + options_.issuer
                                    : "the endpoints are configured; no metadata are read");
  if (options_.discovery) {
    if (const auto lacks = oidc::differences(*metadata, options_); !lacks.empty()) {
      std::string all;
      for (const std::string& one : lacks) all.append(all.empty() ? "" : "; ").append(one);
      return std::unexpected(failure(Why::misconfigured, "not_offered", std::move(all)));
    }
    said.emplace_back("what is configured is what they offer");
  }
  if (options_.openid()) {
    MetadataCache::Budget budget;
    if (const auto renewed = metadata_.renew(metadata_.known(), budget, limits); !renewed) {
      return std::unexpected(renewed.error());
    }
    const auto keys = fetch_keys(limits);
    if (!keys) return std::unexpected(keys.error());
    const std::size_t usable = keys->usable(algorithms_);
    if (usable == 0) {
      return std::unexpected(failure(Why::misconfigured, "no_keys",
                                     "the provider publishes no key that id_token_algorithms "
                                     "can use"));
    }
    said.push_back(std::to_string(usable) + " of its " + std::to_string(keys->size()) +
                   " keys can be used");
    said.push_back(metadata->end_session_endpoint.empty()
                       ? "people who sign out here stay signed in there: it has no "
                         "end_session_endpoint"
                       : "people who sign out here can be signed out there");
    if (options_.discovery) {
      said.push_back(metadata->back_channel_logout
                         ? "it tells of sign-outs there (back-channel logout)"
                         : "it does not tell of sign-outs there (back-channel logout)");
    }
  }
  return said;
}

}  // namespace latchkey::outbound
