#include "platform/jose/jws.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <optional>
#include <span>
#include <stdexcept>

#include "platform/crypto/ed25519.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/hash.h"
#include "platform/jose/cjose_handles.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::jose {
namespace {

namespace json = boost::json;

// How long a signature of this algorithm is, in characters (RFC 7518 section 3.4); 0: as the key
// has it.
std::size_t size_of_signature(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return 86;  // 64 bytes
    case Algorithm::es384:
      return 128;
    case Algorithm::es512:
      return 176;
    default:
      return 0;
  }
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::optional<json::object> object_in(std::string_view part) {
  const auto text = text::decode_base64url(part);
  if (!text) return std::nullopt;
  auto object = text::parse_object(*text);
  if (!object) return std::nullopt;
  return std::move(*object);
}

// The member when it is a text; empty when it is absent; absent when it is anything else.
std::optional<std::string_view> text_or_none(const json::object& header, std::string_view name) {
  const auto* value = header.if_contains(name);
  if (value == nullptr) return std::string_view{};
  if (!value->is_string() || value->get_string().empty()) return std::nullopt;
  return std::string_view(value->get_string());
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<Fault> judge_header(const json::object& header, const Key& key,
                                  std::string_view type) {
  // b64 and zip change what is signed; without crit they would be ignored here and not elsewhere.
  for (const auto* name : {"crit", "b64", "zip"}) {
    if (header.contains(name)) return Fault::critical;
  }
  const auto algorithm = text_or_none(header, "alg");
  if (!algorithm || *algorithm != name_of(key.algorithm())) return Fault::wrong_algorithm;
  const auto id = text_or_none(header, "kid");
  if (!id || (!id->empty() && *id != key.id())) return Fault::wrong_key;
  const auto said = text_or_none(header, "typ");
  if (!said || (!type.empty() && !same_but_for_case(*said, type))) return Fault::wrong_type;
  return std::nullopt;
}

crypto::Digest mac_of(const Key& key, std::string_view input) {
  return crypto::HmacSha256(bytes_of(key.impl().secret.reveal())).mac(input);
}

bool signature_fits(std::string_view token, const Key& key) {
  // cjose would ignore a byte too much.
  const std::size_t dot = token.rfind('.');
  const std::size_t expected = size_of_signature(key.algorithm());
  if (expected != 0 && token.size() - dot - 1 != expected) return false;
  // What cjose does not know, or knows by a secret alone.
  const bool ed25519 = key.algorithm() == Algorithm::eddsa || key.algorithm() == Algorithm::ed25519;
  if (ed25519 || key.algorithm() == Algorithm::hs256) {
    const auto signature = text::decode_base64url(token.substr(dot + 1));
    const std::string_view input = token.substr(0, dot);
    if (!signature) return false;
    if (ed25519) {
      return crypto::ed25519_verifies(key.impl().ed25519, input, *signature);
    }
    return crypto::equal(bytes_of(*signature), mac_of(key, input));
  }
  cjose_err error{};
  const JwsHandle jws(cjose_jws_import(token.data(), token.size(), &error));
  return jws && cjose_jws_verify(jws.get(), key.impl().jwk.get(), &error);
}

}  // namespace

std::expected<Unverified, Fault> read_unverified(std::string_view token) {
  if (token.size() > kMaxToken) return std::unexpected(Fault::malformed);
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos) return std::unexpected(Fault::malformed);
  // A dot in the rest is no character of base64url.
  const auto signature = text::decode_base64url(token.substr(second + 1));
  auto header = object_in(token.substr(0, first));
  auto claims = object_in(token.substr(first + 1, second - first - 1));
  if (!signature || !header || !claims) return std::unexpected(Fault::malformed);
  return Unverified{.header = std::move(*header), .claims = std::move(*claims)};
}

std::expected<json::object, Fault> verify(std::string_view token, const Key& key,
                                          std::string_view type) {
  auto said = read_unverified(token);
  if (!said) return std::unexpected(said.error());
  if (const auto fault = judge_header(said->header, key, type)) return std::unexpected(*fault);
  if (!signature_fits(token, key)) return std::unexpected(Fault::wrong_signature);
  return std::move(said->claims);
}

std::string sign(const Key& key, const json::object& claims, std::string_view type) {
  if (!key.can_sign()) throw std::runtime_error("a public key signs nothing");
  if (key.algorithm() == Algorithm::hs256) {
    const json::object header{{"alg", name_of(key.algorithm())}, {"typ", type}};
    std::string token = text::encode_base64url(json::serialize(header)) + "." +
                        text::encode_base64url(json::serialize(claims));
    return token + "." + text::encode_base64url(mac_of(key, token));
  }
  cjose_err error{};
  const HeaderHandle header(cjose_header_new(&error));
  const std::string algorithm(name_of(key.algorithm()));
  const std::string type_text(type);
  const bool set =
      header && cjose_header_set(header.get(), CJOSE_HDR_ALG, algorithm.c_str(), &error) &&
      cjose_header_set(header.get(), "typ", type_text.c_str(), &error) &&
      (key.id().empty() || cjose_header_set(header.get(), CJOSE_HDR_KID, key.id().c_str(), &error));
  const std::string body = json::serialize(claims);
  const JwsHandle jws(set ? cjose_jws_sign(key.impl().jwk.get(), header.get(),
                                           reinterpret_cast<const std::uint8_t*>(body.data()),
                                           body.size(), &error)
                          : nullptr);
  const char* text = nullptr;  // the JWS's own
  if (!jws || !cjose_jws_export(jws.get(), &text, &error)) {
    throw std::runtime_error("OpenSSL cannot sign");
  }
  return text;
}

}  // namespace latchkey::jose
