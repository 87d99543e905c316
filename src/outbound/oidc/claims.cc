#include "outbound/oidc/claims.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <span>

#include "outbound/provider_calls/calls.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/sha512.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::outbound::oidc {
namespace {

namespace json = boost::json;
using providers::Failure;
using Why = Failure::Why;

constexpr std::size_t kMaxName = 255;  // bytes: of a subject, a session, a jti
constexpr double kMaxSeconds = 1e11;   // some 3000 years
// A logout token that is older is of no use, whatever it says itself. They are remembered so long.
constexpr Duration kLongestLogoutToken = std::chrono::hours{1};
constexpr std::string_view kLogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

Failure lie(std::string_view reason, std::string sentence) {
  return failure(Why::not_believed, reason, std::move(sentence));
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

std::vector<std::string> audiences_of(const json::object& claims) {
  const auto* value = claims.if_contains("aud");
  if (value == nullptr) return {};
  if (value->is_string()) return {std::string(value->get_string())};
  std::vector<std::string> list;
  if (!value->is_array()) return list;
  for (const auto& one : value->get_array()) {
    if (one.is_string()) list.emplace_back(one.get_string());
  }
  return list;
}

std::string left_half(std::span<const std::uint8_t> digest) {
  return text::encode_base64url(digest.first(digest.size() / 2));
}

// Section 3.1.3.6. Of Ed25519 the hash is SHA-512 (RFC 8032).
std::string hash_for(jose::Algorithm algorithm, std::string_view token) {
  using enum jose::Algorithm;
  switch (algorithm) {
    case rs384:
    case ps384:
    case es384:
      return left_half(crypto::sha384(token));
    case rs512:
    case ps512:
    case es512:
    case eddsa:
    case ed25519:
      return left_half(crypto::sha512(token));
    default:
      return left_half(crypto::sha256(token));
  }
}

// Whose it is, for whom, and when: of both kinds of token.
std::optional<Failure> judge_frame(const json::object& claims, const Expected& expected) {
  const OidcOptions& options = expected.options;
  if (!options.is_issuer(text::text_of(claims, "iss"))) {
    return lie("wrong_issuer", "the token is of '" + cited(text::text_of(claims, "iss")) +
                                   "' and not of the configured issuer");
  }
  if (!is_for(claims, options.client_id)) {
    return lie("wrong_audience", "the token is not for this client_id");
  }
  const auto audiences = audiences_of(claims);
  for (const std::string& audience : audiences) {
    if (audience != options.client_id && !contains(options.other_audiences, audience)) {
      return lie("other_audience", "the token is for '" + cited(audience) +
                                       "' too, which other_audiences does not list");
    }
  }
  if (claims.contains("azp")) {
    if (text::text_of(claims, "azp") != options.client_id) {
      return lie("wrong_azp", "the token was given to another client (azp)");
    }
  } else if (audiences.size() > 1) {
    return lie("missing_azp", "the token is for several and does not say to whom it was given");
  }
  const auto expires = time_of(claims, "exp");
  if (!expires) return lie("missing_exp", "the token does not say when it expires");
  if (expected.now >= *expires + options.clock_skew) {
    return lie("expired", "the token has expired; are the clocks right?");
  }
  const auto issued = time_of(claims, "iat");
  if (!issued) return lie("missing_iat", "the token does not say when it was made");
  if (*issued > expected.now + options.clock_skew) {
    return lie("issued_in_future", "the token was made in the future; are the clocks right?");
  }
  if (claims.contains("nbf")) {
    const auto valid = time_of(claims, "nbf");
    if (!valid || *valid > expected.now + options.clock_skew) {
      return lie("not_yet_valid", "the token is not valid yet; are the clocks right?");
    }
  }
  return std::nullopt;
}

std::optional<Failure> judge_freshness(const json::object& claims, const Expected& expected) {
  const auto proved = time_of(claims, "auth_time");
  if (!expected.proved_after) {
    if (claims.contains("auth_time") && !proved) {
      return lie("malformed_auth_time", "the token's auth_time is no time");
    }
    return std::nullopt;
  }
  if (!proved) {
    return failure(Why::not_fresh, "missing_auth_time",
                   "the provider was asked to have the person sign in again (max_age=0) and does "
                   "not say when they did (auth_time)");
  }
  // It has whole seconds.
  const Time asked = std::chrono::floor<std::chrono::seconds>(*expected.proved_after);
  if (*proved < asked - expected.options.clock_skew) {
    return failure(Why::not_fresh, "old_authentication",
                   "the provider was asked to have the person sign in again (max_age=0) and did "
                   "not");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Time> time_of(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->is_int64()    ? static_cast<double>(value->get_int64())
                         : value->is_uint64() ? static_cast<double>(value->get_uint64())
                                              : value->get_double();
  if (!(seconds >= 0 && seconds <= kMaxSeconds)) return std::nullopt;
  return from_millis(static_cast<std::int64_t>(std::floor(seconds * 1000)));
}

std::string subject_of(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_uint64()) return std::to_string(value->get_uint64());
  if (!value->is_string()) return {};
  const std::string_view said = value->get_string();
  // It is shown to operators, on their terminals too.
  const bool good = said.size() <= kMaxName && !text::has_controls(said);
  return good ? std::string(said) : std::string();
}

bool is_for(const json::object& claims, std::string_view client_id) {
  return contains(audiences_of(claims), client_id);
}

std::optional<Failure> judge_id_token(const json::object& claims, const Expected& expected) {
  if (auto fault = judge_frame(claims, expected)) return fault;
  if (text::text_of(claims, "sub").empty() || subject_of(claims, "sub").empty()) {
    return lie("missing_subject", "the ID token does not say who it is of");
  }
  if (!claims.contains("nonce")) {
    return lie("missing_nonce", "the ID token has no nonce, and was asked for one");
  }
  if (!crypto::equal(text::text_of(claims, "nonce"), expected.nonce)) {
    return lie("wrong_nonce", "the ID token is of another sign-in (nonce)");
  }
  if (claims.contains("at_hash") && !expected.access_token.empty() &&
      text::text_of(claims, "at_hash") != hash_for(expected.algorithm, expected.access_token)) {
    return lie("wrong_at_hash", "the access token is not the one of the ID token (at_hash)");
  }
  if (auto fault = judge_freshness(claims, expected)) return fault;
  if (expected.options.acr_required &&
      !contains(expected.options.acr_values, text::text_of(claims, "acr"))) {
    return failure(
        Why::denied, "wrong_acr",
        "the person has not signed in at the provider in one of the required ways (acr)");
  }
  return std::nullopt;
}

providers::Reply<providers::LogoutNotice> read_logout_token(const json::object& claims,
                                                            const Expected& expected) {
  if (auto fault = judge_frame(claims, expected)) return std::unexpected(std::move(*fault));
  const auto refused = [](std::string_view reason, const char* sentence) {
    return std::unexpected(lie(reason, sentence));
  };
  const auto* events = claims.if_contains("events");
  const auto* event = events != nullptr && events->is_object()
                          ? events->get_object().if_contains(kLogoutEvent)
                          : nullptr;
  if (event == nullptr || !event->is_object()) {
    return refused("missing_event", "the token is of no sign-out (events)");
  }
  if (claims.contains("nonce")) {
    return refused("nonce_in_logout", "the token has a nonce, as ID tokens do");
  }
  providers::LogoutNotice notice;
  for (const auto& [name, to] :
       {std::pair{"sub", &notice.subject}, {"sid", &notice.session}, {"jti", &notice.id}}) {
    if (!claims.contains(name)) continue;
    *to = text::text_of(claims, name);
    if (to->empty() || to->size() > kMaxName || to->find('\0') != to->npos) {
      return refused("malformed_claim", "sub, sid or jti of the logout token is no name");
    }
  }
  // Known by another claim, which the token may have as well.
  const std::string& subject = expected.options.subject;
  if (subject != "sub") notice.subject = subject_of(claims, subject);
  if (notice.subject.empty() && notice.session.empty()) {
    return refused("missing_subject", "the logout token says neither who nor which session");
  }
  if (notice.id.empty()) return refused("missing_jti", "the logout token has no jti");
  const Time last =
      std::min(*time_of(claims, "exp"), *time_of(claims, "iat") + kLongestLogoutToken) +
      expected.options.clock_skew;
  if (expected.now >= last) return refused("expired", "the logout token is too old");
  notice.expires_at = last;
  return notice;
}

}  // namespace latchkey::outbound::oidc
