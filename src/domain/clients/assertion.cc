#include "domain/clients/assertion.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <vector>

#include "platform/crypto/kept_hash.h"
#include "platform/jose/jws.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxJti = 255;
constexpr double kMaxSeconds = 1e11;  // far beyond any date; milliseconds still fit

std::unexpected<std::string> fail(std::string_view sentence) {
  return std::unexpected(std::string(sentence));
}

// NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction.
std::optional<Time> date(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMaxSeconds) return std::nullopt;
  return from_millis(static_cast<std::int64_t>(seconds * 1000));
}

// Whether it is absent, or a date that is not to come.
bool not_to_come(const json::object& claims, std::string_view name, Time now) {
  if (!claims.contains(name)) return true;
  const auto at = date(claims, name);
  return at && *at <= now + kAssertionSkew;
}

// For this server and nobody else: one that another may have seen as well proves nothing here.
bool addressed(const json::value* to, const AssertionAudience& audience) {
  const auto ours = [&](const json::value& one) {
    if (!one.is_string()) return false;
    const std::string_view text = one.get_string();
    return !text.empty() && (text == audience.issuer || text == audience.token_endpoint);
  };
  if (to == nullptr) return false;
  if (!to->is_array()) return ours(*to);
  return !to->get_array().empty() && std::ranges::all_of(to->get_array(), ours);
}

// The client's keys that the header may mean. The algorithm only narrows: each key has its own.
std::vector<jose::Key> candidates(const json::object& jwks, const json::object& header) {
  std::vector<jose::Key> keys;
  const auto* list = jwks.if_contains("keys");
  if (list == nullptr || !list->is_array()) return keys;
  for (const json::value& one : list->get_array()) {
    if (!one.is_object()) continue;
    auto key = jose::Key::read(one.get_object());
    if (!key || name_of(key->algorithm()) != text::text_of(header, "alg")) continue;
    if (header.contains("kid") && key->id() != text::text_of(header, "kid")) continue;
    keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace

std::string assertion_subject(std::string_view assertion) {
  const auto said = jose::read_unverified(assertion);
  return said ? std::string(text::text_of(said->claims, "sub")) : std::string();
}

std::expected<AssertionUse, std::string> check_assertion(std::string_view assertion,
                                                         const Client& client,
                                                         const AssertionAudience& audience,
                                                         Time now) {
  const auto said = jose::read_unverified(assertion);
  if (!said) return fail("client_assertion: not a JSON Web Token");
  const auto keys = candidates(client.jwks, said->header);
  if (keys.empty()) return fail("client_assertion: not signed with a key of the client's");
  if (keys.size() > 1) return fail("client_assertion: kid does not say which of several keys");
  const auto claims = jose::verify(assertion, keys.front(), "");
  if (!claims) return fail("client_assertion: the signature does not fit");

  if (text::text_of(*claims, "iss") != client.id || text::text_of(*claims, "sub") != client.id) {
    return fail("client_assertion: iss and sub must be the client_id");
  }
  if (!addressed(claims->if_contains("aud"), audience)) {
    return fail("client_assertion: aud must be the issuer or the token endpoint");
  }
  const auto expires_at = date(*claims, "exp");
  if (!expires_at || *expires_at + kAssertionSkew <= now) {
    return fail("client_assertion: expired, or without exp");
  }
  if (*expires_at > now + kAssertionLife) {
    return fail("client_assertion: exp is more than an hour ahead");
  }
  if (!not_to_come(*claims, "nbf", now) || !not_to_come(*claims, "iat", now)) {
    return fail("client_assertion: nbf or iat is to come");
  }
  const auto jti = text::text_of(*claims, "jti");
  if (jti.empty() || jti.size() > kMaxJti) {
    return fail("client_assertion: jti: expected 1 to 255 bytes");
  }
  return AssertionUse{.hash = crypto::kept_hash(client.id + '\n' + std::string(jti)),
                      .expires_at = *expires_at + kAssertionSkew};
}

}  // namespace latchkey::clients
