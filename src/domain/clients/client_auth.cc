#include "domain/clients/client_auth.h"

#include <algorithm>
#include <utility>

#include "domain/clients/assertion.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/hash.h"
#include "platform/text/base64.h"
#include "platform/text/utf8.h"

namespace latchkey::clients {
namespace {

using Method = ClientAuthMethod;

constexpr std::string_view kBasic = "basic";

std::unexpected<ClientAuthError> fail(std::string_view sentence, bool challenge = false) {
  return std::unexpected(
      ClientAuthError{.sentence = std::string(sentence), .challenge = challenge});
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// application/x-www-form-urlencoded, as RFC 6749 section 2.3.1 has it within Basic.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
    i += 2;
  }
  return out;
}

std::expected<ClaimedClient, ClientAuthError> read_basic(std::string_view header) {
  const auto space = std::min(header.find(' '), header.size());
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (!std::ranges::equal(header.substr(0, space), kBasic, {}, lower)) {
    return fail("Authorization: expected Basic", true);
  }
  header.remove_prefix(space);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  const auto pair = text::decode_base64(header);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return fail("Authorization: not a client_id and a secret", true);
  auto id = form_decoded(std::string_view(*pair).substr(0, colon));
  auto secret = form_decoded(std::string_view(*pair).substr(colon + 1));
  if (!id || !secret || id->empty()) {
    return fail("Authorization: not a client_id and a secret", true);
  }
  return ClaimedClient{.id = std::move(*id),
                       .method = Method::client_secret_basic,
                       .secret = Secret(std::move(*secret)),
                       .assertion = {}};
}

std::expected<ClaimedClient, ClientAuthError> read_assertion(const ClientCredentials& given) {
  if (!given.client_assertion || given.client_assertion_type != kJwtBearer) {
    return fail(
        "client_assertion_type: expected urn:ietf:params:oauth:client-assertion-type:"
        "jwt-bearer, with a client_assertion");
  }
  std::string id = assertion_subject(*given.client_assertion);
  if (id.empty()) return fail("client_assertion: not a JSON Web Token with a sub");
  return ClaimedClient{.id = std::move(id),
                       .method = Method::private_key_jwt,
                       .secret = {},
                       .assertion = std::string(*given.client_assertion)};
}

std::expected<ClaimedClient, ClientAuthError> read_method(const ClientCredentials& given) {
  const bool basic = given.authorization.has_value();
  // An empty secret may as well be left out (RFC 6749 section 2.3.1).
  const bool post = given.client_secret && !given.client_secret->empty();
  const bool assertion = given.client_assertion || given.client_assertion_type;
  if (basic + post + assertion > 1) {
    return std::unexpected(ClientAuthError{
        .sentence = "authenticate in one way: the header, client_secret or client_assertion",
        .bad_request = true});
  }
  if (basic) return read_basic(*given.authorization);
  if (assertion) return read_assertion(given);
  if (!given.client_id || given.client_id->empty()) return fail("client_id: missing");
  return ClaimedClient{.id = std::string(*given.client_id),
                       .method = post ? Method::client_secret_post : Method::none,
                       .secret = post ? Secret(*given.client_secret) : Secret(),
                       .assertion = {}};
}

// The same time for secrets of every length.
bool same_secret(const Secret& given, const Secret& known) {
  return !known.empty() &&
         crypto::equal(crypto::sha256(given.reveal()), crypto::sha256(known.reveal()));
}

}  // namespace

std::expected<ClaimedClient, ClientAuthError> claimed_client(const ClientCredentials& given) {
  auto claimed = read_method(given);
  if (!claimed) return claimed;
  const bool challenge = given.authorization.has_value();
  if (given.client_id && *given.client_id != claimed->id) {
    return fail("client_id: another than that which authenticates", challenge);
  }
  // It is looked up in the database, which holds no other texts.
  if (!text::valid_utf8(claimed->id) || claimed->id.find('\0') != std::string::npos) {
    return fail("client_id: not a text", challenge);
  }
  return claimed;
}

std::expected<std::optional<AssertionUse>, ClientAuthError> prove_client(
    const ClaimedClient& claimed, const Client* client, const AssertionAudience& audience,
    Time now) {
  const bool challenge = claimed.method == Method::client_secret_basic;
  if (client == nullptr || client->id != claimed.id) return fail("unknown client", challenge);
  // Many libraries name a public client in the header, where its secret is empty.
  const bool named_alone = claimed.method == Method::client_secret_basic && claimed.secret.empty();
  if (client->auth_method == Method::none && named_alone) return std::nullopt;
  if (client->auth_method != claimed.method) {
    return fail("the client is registered with another way to authenticate", challenge);
  }
  switch (claimed.method) {
    case Method::none:
      return std::nullopt;
    case Method::client_secret_basic:
    case Method::client_secret_post:
      if (!same_secret(claimed.secret, client->secret)) return fail("wrong secret", challenge);
      return std::nullopt;
    case Method::private_key_jwt:
      break;
  }
  auto use = check_assertion(claimed.assertion, *client, audience, now);
  if (!use) return fail(use.error());
  return std::move(*use);
}

bool note_assertion(db::Tx& tx, const AssertionUse& use) {
  return tx.run(
             "INSERT INTO used_assertions (hash, expires_at) VALUES (:hash, :expires)"
             " ON CONFLICT DO NOTHING",
             use.hash, use.expires_at) == 1;
}

std::int64_t purge_assertions(db::Tx& tx, Time now, std::int64_t limit) {
  return tx.run(
      "DELETE FROM used_assertions WHERE hash IN"
      " (SELECT hash FROM used_assertions WHERE expires_at <= :now LIMIT :limit)",
      now, limit);
}

ClientAuthError assertion_used() { return {.sentence = "client_assertion: used before"}; }

}  // namespace latchkey::clients
