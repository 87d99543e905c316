#include "domain/oauth/id_token.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "platform/crypto/hash.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"
#include "platform/text/fields.h"
#include "platform/text/ulid.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;

std::int64_t seconds(Time time) { return to_millis(time) / 1000; }

template <class Id>
std::optional<Id> parse_public_id(std::string_view text) {
  const auto id = text::parse_id<Id>(text);
  // One text for each id: what this server writes.
  return id && text::format_id(*id) == text ? id : std::nullopt;
}

// RFC 8176; empty: how an identity provider has done it is not known, nor what a newer version has
// written.
std::string_view reference_of(signin::AuthMethod method) {
  switch (method) {
    case signin::AuthMethod::password:
      return "pwd";
    case signin::AuthMethod::provider:
      break;
  }
  return {};
}

std::expected<IdTokenHint, HintFault> judge_claims(const json::object& claims,
                                                   std::string_view issuer) {
  text::Fields fields(claims);
  const auto said_issuer = fields.required_string("iss");
  const auto user = parse_public_id<UserId>(fields.required_string("sub"));
  const auto client = fields.required_string("aud");
  const auto sid = fields.optional_string("sid");
  fields.required_int("exp");
  fields.required_int("iat");
  if (fields.error() || said_issuer != issuer || !user || client.empty()) {
    return std::unexpected(HintFault::foreign);
  }
  return IdTokenHint{.user = *user,
                     .client_id = std::string(client),
                     .session = sid ? parse_public_id<SessionId>(*sid) : std::nullopt};
}

}  // namespace

std::string half_hash(std::string_view text) {
  const auto digest = crypto::sha256(text);
  return text::encode_base64url(std::span(digest).first(digest.size() / 2));
}

std::string public_id(UserId id) { return text::format_id(id); }

json::object id_token_claims(const IdTokenFacts& facts, Time now) {
  json::object claims{{"iss", facts.issuer},
                      {"sub", public_id(facts.user)},
                      {"aud", facts.client_id},
                      {"exp", seconds(now + kIdTokenLife)},
                      {"iat", seconds(now)},
                      {"auth_time", seconds(facts.authenticated.at)},
                      {"sid", text::format_id(facts.session)},
                      {"at_hash", half_hash(facts.access_token)}};
  if (const auto methods = reference_of(facts.authenticated.by); !methods.empty()) {
    claims["acr"] = kAcr;
    claims["amr"] = json::array{methods};
  }
  for (const auto& claim : facts.person) claims[claim.key()] = claim.value();
  if (facts.nonce) claims["nonce"] = *facts.nonce;
  if (facts.code) claims["c_hash"] = half_hash(*facts.code);
  return claims;
}

std::expected<IdTokenHint, HintFault> read_id_token_hint(std::string_view token,
                                                         std::span<const jose::Key> keys,
                                                         std::string_view issuer) {
  const auto said = jose::read_unverified(token);
  if (!said) return std::unexpected(HintFault::malformed);
  const auto* kid = said->header.if_contains("kid");
  if (kid == nullptr || !kid->is_string()) return std::unexpected(HintFault::unknown_key);
  const std::string_view id = kid->get_string();
  const auto key = std::ranges::find_if(keys, [&](const jose::Key& one) { return one.id() == id; });
  if (id.empty() || key == keys.end()) return std::unexpected(HintFault::unknown_key);
  const auto claims = jose::verify(token, *key, kIdTokenType);
  if (!claims) {
    return std::unexpected(claims.error() == jose::Fault::wrong_type ? HintFault::foreign
                                                                     : HintFault::unknown_key);
  }
  return judge_claims(*claims, issuer);
}

}  // namespace latchkey::oauth
