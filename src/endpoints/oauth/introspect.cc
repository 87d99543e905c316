#include "endpoints/oauth/introspect.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>

#include "domain/oauth/id_token.h"
#include "domain/oauth/scope.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/origin.h"
#include "platform/crypto/equal.h"
#include "platform/http/field.h"
#include "platform/http/form.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;
using Entry = sessions::TokenCache::Entry;
using sessions::Identity;

constexpr Duration kSlack = std::chrono::seconds{30};
constexpr std::string_view kBearer = "Bearer ";  // the scheme in any case (RFC 9110 section 11.1)
constexpr std::string_view kBasic = "Basic ";

// Not bearer_token(): what an operator has chosen for a secret may have any characters.
bool authorized(const http::Request& request, const crypto::Secret& secret) {
  const std::string_view value = request.header("Authorization");
  return !secret.empty() && request.header_count("Authorization") == 1 &&
         http::same_name(value.substr(0, kBearer.size()), kBearer) &&
         crypto::equal(value.substr(kBearer.size()), secret.reveal());
}

// Whether it shows a secret as the homeserver does, right or wrong.
bool claims_secret(const http::Request& request, const crypto::Secret& secret) {
  const std::string_view value = request.header("Authorization");
  return !secret.empty() && http::same_name(value.substr(0, kBearer.size()), kBearer);
}

// The name under which wrong secrets of the homeserver are counted: no client_id has a space.
constexpr std::string_view kHomeserver = "the homeserver";

// A client that has tried the header is asked for that again (RFC 6749 section 5.2).
http::Response not_authorized(const http::Request& request) {
  constexpr std::string_view kSentence = "The credentials are missing or wrong.";
  const std::string_view scheme = request.header("Authorization").substr(0, kBasic.size());
  if (http::same_name(scheme, kBasic)) return invalid_client(kSentence, true);
  http::Response response = error(401, "invalid_client", kSentence);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

// A device ID that the grammar of a scope (RFC 6749 section 3.3) can hold.
bool fits_scope(std::string_view device_id) {
  return std::ranges::all_of(device_id,
                             [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

std::string scope_of(const Identity& who) {
  if (who.grant) {
    return std::string(who.admin ? who.grant->scope : without_admin(who.grant->scope));
  }
  std::string scope = "urn:matrix:client:api:*";
  if (!who.device_id.empty() && fits_scope(who.device_id)) {
    scope.append(" urn:matrix:client:device:").append(who.device_id);
  }
  return scope;
}

std::string json_text(std::string_view text) { return json::serialize(json::string_view(text)); }

// The answer but for what changes with time, which finish() appends. Put together by hand: a
// JSON object's dozen allocations were a tenth of what a miss of the cache costs.
std::string render(const Identity& who) {
  std::string text;
  text.reserve(384);
  text.append(R"({"active":true,"scope":)")
      .append(json_text(scope_of(who)))
      .append(R"(,"token_type":"Bearer","username":)")
      .append(json_text(who.localpart))
      .append(R"(,"sub":")")
      .append(public_id(who.user))
      .append(R"(","iat":)")
      .append(std::to_string(to_millis(who.issued_at) / 1000));
  if (!who.device_id.empty()) text.append(R"(,"device_id":)").append(json_text(who.device_id));
  if (who.grant) text.append(R"(,"client_id":)").append(json_text(who.grant->client));
  if (who.expires_at) {
    text.append(R"(,"exp":)").append(std::to_string(to_millis(*who.expires_at + kSlack) / 1000));
  }
  return text;
}

void finish(std::string& body, std::optional<Time> expires_at, Time now) {
  if (expires_at) {
    const auto left = std::chrono::floor<std::chrono::seconds>(*expires_at + kSlack - now);
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), left.count()).ptr;
    body.append(R"(,"expires_in":)").append(digits.data(), end);
  }
  body.push_back('}');
}

std::string render(const OwnToken& own) {
  return json::serialize(
      json::object{{"active", true},
                   {"scope", "urn:matrix:client:api:* urn:synapse:admin:*"},
                   {"token_type", "Bearer"},
                   {"username", own.username},
                   {"sub", "homeserver:" + own.username},  // no account's
                   {"expires_in", std::chrono::floor<std::chrono::seconds>(own.left).count()}});
}

// The token of a body that is just that, with or without Synapse's hint: no decoding needed.
std::string_view plain_token(std::string_view body) {
  constexpr std::string_view kHint = "&token_type_hint=access_token";
  if (!body.starts_with("token=")) return {};
  body.remove_prefix(6);
  if (body.ends_with(kHint)) body.remove_suffix(kHint.size());
  return body.find_first_of("%+&=") == body.npos ? body : std::string_view{};
}

bool introspect_at_once(const Clock& clock, sessions::Sessions& sessions,
                        const crypto::Secret& secret, const limits::AttemptLimits& limits,
                        const http::Request& request, http::Response& response) {
  const std::string_view token = plain_token(request.body);
  if (token.empty() || !authorized(request, secret)) return false;
  if (limits.secret_blocked(request.client_address, kHomeserver, clock.now())) return false;
  // The homeserver's own address and agent say nothing about the person's device.
  Entry* entry =
      sessions.recall({.worker = request.worker, .address = {}, .user_agent = {}}, token);
  if (entry == nullptr) return false;
  std::string& rendered = entry->rendered(request::kIntrospection);
  if (rendered.empty()) rendered = render(entry->identity());
  response.body = rendered;
  finish(response.body, entry->expires_at(), clock.now());
  return true;
}

Task<http::Response> introspect(const Clock& clock, sessions::Sessions& sessions,
                                const crypto::Secret& secret, limits::AttemptLimits& limits,
                                const IntrospectingClient& find_client, const ReadOwnToken& own,
                                const http::Request& request) {
  const Time now = clock.now();
  // Before it is looked at: who is blocked must not learn which guess was right.
  const bool claims = claims_secret(request, secret);
  if (claims) {
    const auto wait = limits.secret_blocked(request.client_address, kHomeserver, now);
    if (wait) co_return too_many(*wait);
  }
  const bool homeserver = authorized(request, secret);
  if (claims && !homeserver) limits.secret_failed(request.client_address, kHomeserver, now);
  const auto form = http::Form::parse(request.body);
  std::string client;
  if (!homeserver && form && find_client) {
    auto found = co_await find_client(request, *form);
    if (!found) co_return std::move(found.error());
    client = std::move(*found);
  }
  if (!homeserver && client.empty()) {
    co_return not_authorized(request);
  }
  if (!form) co_return error(400, "invalid_request", "The body is not a form.");
  const auto token = form->only("token");
  if (!token || !*token || (*token)->empty()) {
    co_return error(400, "invalid_request", "token: expected exactly one");
  }
  http::Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  if (homeserver && own) {
    if (const auto one = own(**token)) {
      response.body = render(*one);
      co_return response;
    }
  }
  const sessions::Use use{.worker = request.worker, .address = {}, .user_agent = {}};
  const auto verdict = homeserver ? co_await sessions.check(use, **token, kSlack)
                                  : co_await sessions.check_any_scope(use, **token);
  const auto& grant = verdict.identity.grant;
  // What is not the client's own is none of its business.
  const bool told = verdict.standing.active() && (homeserver || (grant && grant->client == client));
  if (told) {
    response.body = render(verdict.identity);
    finish(response.body, verdict.identity.expires_at, clock.now());
  } else {
    response.body = R"({"active":false})";
  }
  co_return response;
}

}  // namespace

void mount_introspection(request::Routes& routes, const Clock& clock, sessions::Sessions& sessions,
                         const crypto::Secret& secret, limits::AttemptLimits& limits,
                         IntrospectingClient client, ReadOwnToken own) {
  routes.add(http::Method::post, std::string(path::kIntrospect),
             [&clock, &sessions, &secret, &limits, client = std::move(client),
              own = std::move(own)](const http::Request& request) {
               return introspect(clock, sessions, secret, limits, client, own, request);
             },
             {.owner = request::Owner::inside,
              .immediate = [&clock, &sessions, &secret, &limits](const http::Request& request,
                                                                 http::Response& response) {
                return introspect_at_once(clock, sessions, secret, limits, request, response);
              }});
}

}  // namespace latchkey::oauth
