#include "platform/jose/key.h"

#include <string.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <stdexcept>

#include "platform/crypto/hash.h"
#include "platform/jose/cjose_handles.h"
#include "platform/text/base64.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

namespace latchkey::jose {
namespace {

namespace json = boost::json;

constexpr std::size_t kRsaBits = 2048;
constexpr std::size_t kMinRsaBytes = 256;
constexpr std::size_t kMaxRsaBytes = 1024;
constexpr std::size_t kMaxPart = 2048;  // characters of one number of a key
constexpr std::size_t kMaxKeyId = 255;
constexpr std::size_t kEd25519Bytes = 32;

enum class Family { rsa, ecdsa, ed25519, hmac };

struct Row {
  Algorithm algorithm;
  std::string_view name;
  Family family;
  std::string_view curve = {};
  std::size_t coordinate = 0;  // bytes
};
constexpr std::array kAlgorithms{
    Row{Algorithm::rs256, "RS256", Family::rsa},
    Row{Algorithm::es256, "ES256", Family::ecdsa, "P-256", 32},
    Row{Algorithm::rs384, "RS384", Family::rsa},
    Row{Algorithm::rs512, "RS512", Family::rsa},
    Row{Algorithm::ps256, "PS256", Family::rsa},
    Row{Algorithm::ps384, "PS384", Family::rsa},
    Row{Algorithm::ps512, "PS512", Family::rsa},
    Row{Algorithm::es384, "ES384", Family::ecdsa, "P-384", 48},
    Row{Algorithm::es512, "ES512", Family::ecdsa, "P-521", 66},
    Row{Algorithm::eddsa, "EdDSA", Family::ed25519, "Ed25519", kEd25519Bytes},
    Row{Algorithm::ed25519, "Ed25519", Family::ed25519, "Ed25519", kEd25519Bytes},
    Row{Algorithm::hs256, "HS256", Family::hmac},
};

const Row& row_of(Algorithm algorithm) {
  return *std::ranges::find(kAlgorithms, algorithm, &Row::algorithm);
}

constexpr std::array<std::uint8_t, 3> kExponent{1, 0, 1};

std::unexpected<std::string> fail(std::string_view sentence) {
  return std::unexpected(std::string(sentence));
}

// cjose hands out memory of its own; what it held may be private.
Secret to_json(const cjose_jwk_t* jwk, bool with_private) {
  cjose_err error{};
  char* const text = cjose_jwk_to_json(jwk, with_private, &error);
  if (text == nullptr) throw std::runtime_error("cjose cannot write a key");
  const std::size_t size = strlen(text);
  Secret secret{std::string_view(text, size)};
  explicit_bzero(text, size);
  cjose_get_dealloc()(text);
  return secret;
}

json::object object_of(const Secret& text) {
  auto object = text::parse_object(text.reveal());
  if (!object) throw std::runtime_error("cjose wrote a key that is not JSON");
  return std::move(*object);
}

// The bytes of a number of the key; empty when it is none.
std::string number(std::string_view text) { return text::decode_base64url(text).value_or(""); }

std::expected<void, std::string> check_rsa(text::Fields& fields) {
  const std::string modulus = number(fields.required_string("n", kMaxPart));
  const std::string exponent = number(fields.required_string("e", kMaxPart));
  if (fields.error()) return fail(fields.error()->sentence);
  if (modulus.size() < kMinRsaBytes || modulus.size() > kMaxRsaBytes || modulus.front() == 0) {
    return fail("n: expected 2048 to 8192 bits");
  }
  // 1 would make every text its own signature; an even one is no exponent.
  const bool odd = !exponent.empty() && (exponent.back() & 1) != 0;
  if (!odd || exponent.size() > 8 || exponent.front() == 0 || exponent == "\x01") {
    return fail("e: expected an odd number from 3");
  }
  return {};
}

std::expected<void, std::string> check_ec(text::Fields& fields, const Row& row) {
  const auto curve = fields.required_string("crv");
  const std::string x = number(fields.required_string("x", kMaxPart));
  const std::string y = number(fields.required_string("y", kMaxPart));
  if (fields.error()) return fail(fields.error()->sentence);
  if (curve != row.curve) return fail("crv: expected " + std::string(row.curve));
  if (x.size() != row.coordinate || y.size() != row.coordinate) {
    return fail("x, y: expected " + std::to_string(row.coordinate) + " bytes each");
  }
  return {};
}

std::expected<void, std::string> check_ed25519(text::Fields& fields, const Row& row) {
  const auto curve = fields.required_string("crv");
  const std::string x = number(fields.required_string("x", kMaxPart));
  if (fields.error()) return fail(fields.error()->sentence);
  if (curve != row.curve) return fail("crv: expected " + std::string(row.curve));
  if (x.size() != kEd25519Bytes) return fail("x: expected 32 bytes");
  return {};
}

std::expected<void, std::string> check_numbers(std::string_view type, text::Fields& fields,
                                               const Row& row) {
  switch (row.family) {
    case Family::rsa:
      return type == "RSA" ? check_rsa(fields) : fail("kty: expected RSA");
    case Family::ecdsa:
      return type == "EC" ? check_ec(fields, row) : fail("kty: expected EC");
    case Family::ed25519:
      return type == "OKP" ? check_ed25519(fields, row) : fail("kty: expected OKP");
    case Family::hmac:
      break;
  }
  return fail("a published key is no secret");
}

// Absent: the one of RS256 and ES256 that follows from the key's type.
std::expected<Algorithm, std::string> check(const json::object& jwk,
                                            std::optional<Algorithm> algorithm) {
  text::Fields fields(jwk);
  const auto type = fields.required_string("kty");
  const auto use = fields.optional_string("use");
  const auto wanted = fields.optional_string("alg");
  fields.optional_string("kid", kMaxKeyId);
  fields.optional_string("d", kMaxPart);
  const auto* operations = fields.optional_array("key_ops");
  if (fields.error()) return fail(fields.error()->sentence);
  if (use && *use != "sig") return fail("use: expected sig");
  if (operations != nullptr && std::ranges::none_of(*operations, [](const json::value& operation) {
        return operation.is_string() &&
               (operation.get_string() == "verify" || operation.get_string() == "sign");
      })) {
    return fail("key_ops: expected sign or verify");
  }
  if (!algorithm) {
    if (type != "RSA" && type != "EC") return fail("kty: expected RSA or EC");
    algorithm = type == "RSA" ? Algorithm::rs256 : Algorithm::es256;
  }
  if (auto fits = check_numbers(type, fields, row_of(*algorithm)); !fits) {
    return std::unexpected(std::move(fits.error()));
  }
  if (wanted && *wanted != name_of(*algorithm)) return fail("alg: does not fit the key");
  return *algorithm;
}

JwkHandle make(Algorithm algorithm) {
  cjose_err error{};
  return JwkHandle(
      algorithm == Algorithm::rs256
          ? cjose_jwk_create_RSA_random(kRsaBits, kExponent.data(), kExponent.size(), &error)
          : cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error));
}

}  // namespace

std::string_view name_of(Algorithm algorithm) { return row_of(algorithm).name; }

std::optional<Algorithm> algorithm_of(std::string_view name) {
  const auto* const row = std::ranges::find(kAlgorithms, name, &Row::name);
  return row == kAlgorithms.end() ? std::nullopt : std::optional(row->algorithm);
}

std::string thumbprint(const json::object& jwk) {
  json::object canonical;  // the required members in the order of their names
  const bool rsa = jwk.at("kty").as_string() == "RSA";
  for (const auto* name : {"crv", "e", "kty", "n", "x", "y"}) {
    const bool of_rsa = *name == 'e' || *name == 'n';
    if (name == std::string_view("kty") || of_rsa == rsa) canonical[name] = jwk.at(name);
  }
  return text::encode_base64url(crypto::sha256(json::serialize(canonical)));
}

Key Key::generate(Algorithm algorithm) {
  if (algorithm != Algorithm::rs256 && algorithm != Algorithm::es256) {
    throw std::logic_error("this server signs with RS256 and ES256");
  }
  auto jwk = make(algorithm);
  if (!jwk) throw std::runtime_error("OpenSSL cannot make a signing key");
  std::string id = thumbprint(object_of(to_json(jwk.get(), false)));
  cjose_err error{};
  if (!cjose_jwk_set_kid(jwk.get(), id.c_str(), id.size(), &error)) {
    throw std::runtime_error("cjose cannot name a key");
  }
  return Key(std::make_shared<const Impl>(std::move(jwk), algorithm, std::move(id), true));
}

std::expected<Key, std::string> Key::read(const json::object& jwk) {
  return read_for(jwk, std::nullopt);
}

std::expected<Key, std::string> Key::read(const json::object& jwk, Algorithm algorithm) {
  return read_for(jwk, algorithm);
}

std::expected<Key, std::string> Key::read_for(const json::object& jwk,
                                              std::optional<Algorithm> wanted) {
  const auto algorithm = check(jwk, wanted);
  if (!algorithm) return std::unexpected(algorithm.error());
  std::string id;
  if (const auto* kid = jwk.if_contains("kid")) id = kid->get_string();
  if (row_of(*algorithm).family == Family::ed25519) {
    auto impl = std::make_shared<Impl>();
    impl->algorithm = *algorithm;
    impl->id = std::move(id);
    text::decode_base64url(jwk.at("x").as_string(), impl->ed25519);
    return Key(std::move(impl));
  }
  const Secret text(json::serialize(jwk));
  cjose_err error{};
  JwkHandle handle(cjose_jwk_import(text.reveal().data(), text.reveal().size(), &error));
  if (!handle) return fail("the key's numbers do not make a key");
  return Key(std::make_shared<const Impl>(std::move(handle), *algorithm, std::move(id),
                                          jwk.contains("d")));
}

Key Key::of_secret(const Secret& secret) {
  auto impl = std::make_shared<Impl>();
  impl->algorithm = Algorithm::hs256;
  impl->can_sign = true;
  impl->secret = secret;
  return Key(std::move(impl));
}

Algorithm Key::algorithm() const { return impl_->algorithm; }
const std::string& Key::id() const { return impl_->id; }
bool Key::can_sign() const { return impl_->can_sign; }

json::object Key::public_jwk() const {
  if (!impl_->jwk) throw std::logic_error("this key is not published");
  json::object jwk = object_of(to_json(impl_->jwk.get(), false));
  jwk["use"] = "sig";
  jwk["alg"] = name_of(impl_->algorithm);
  return jwk;
}

Secret Key::private_jwk() const {
  if (!impl_->jwk) throw std::logic_error("this key is not kept");
  return to_json(impl_->jwk.get(), true);
}

}  // namespace latchkey::jose
