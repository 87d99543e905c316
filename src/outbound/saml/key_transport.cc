#include "outbound/saml/key_transport.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "outbound/saml/names.h"
#include "platform/text/base64.h"

namespace latchkey::outbound::saml {
namespace {

using crypto::OaepHash;
using Names = std::array<std::pair<std::string_view, OaepHash>, 4>;

constexpr std::size_t kLongest = 4'096;  // of a text: more than any RSA key can carry

// Sections 5.8 and 5.5.2; the first is SHA-1, which is what stands for no name.
constexpr Names kDigests{{
    {"http://www.w3.org/2000/09/xmldsig#sha1", OaepHash::sha1},
    {"http://www.w3.org/2001/04/xmlenc#sha256", OaepHash::sha256},
    {"http://www.w3.org/2001/04/xmlenc#sha384", OaepHash::sha384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", OaepHash::sha512},
}};
constexpr Names kMasks{{
    {"http://www.w3.org/2009/xmlenc11#mgf1sha1", OaepHash::sha1},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha256", OaepHash::sha256},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha384", OaepHash::sha384},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha512", OaepHash::sha512},
}};

std::string algorithm_of(xml::Node element) {
  return xml::attribute(element, "Algorithm").value_or("");
}

// By a part of the method, of which there is at most one.
std::optional<OaepHash> hash_of(xml::Node method, std::string_view space, std::string_view part,
                                const Names& names) {
  const auto parts = xml::elements_in(method, space, part);
  if (parts.empty()) return OaepHash::sha1;
  const std::string algorithm = algorithm_of(parts.front());
  const auto* const found = std::ranges::find(names, algorithm, &Names::value_type::first);
  if (parts.size() > 1 || found == names.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> bytes_in(xml::Node element) {
  const auto text = xml::text_in(element, kLongest);
  return text ? text::decode_base64_in_lines(*text) : std::nullopt;
}

std::optional<std::string> label_of(xml::Node method) {
  const auto parts = xml::elements_in(method, space::kEncryption, "OAEPparams");
  if (parts.empty()) return "";
  return parts.size() == 1 ? bytes_in(parts.front()) : std::nullopt;
}

}  // namespace

std::optional<crypto::OaepOptions> key_transport(xml::Node encrypted_key) {
  const xml::Node method = xml::only(encrypted_key, space::kEncryption, "EncryptionMethod");
  if (method == nullptr) return std::nullopt;
  const std::string algorithm = algorithm_of(method);
  const bool newer = algorithm == kRsaOaep;
  if (!newer && algorithm != kRsaOaepMgf1p) return std::nullopt;
  const auto hash = hash_of(method, space::kSignature, "DigestMethod", kDigests);
  // The older one has no other mask than that of SHA-1.
  const auto mask =
      newer ? hash_of(method, space::kEncryption11, "MGF", kMasks) : std::optional(OaepHash::sha1);
  auto label = label_of(method);
  if (!hash || !mask || !label) return std::nullopt;
  return crypto::OaepOptions{.hash = *hash, .mask = *mask, .label = *std::move(label)};
}

std::optional<std::string> transported_key(xml::Node encrypted_key, const Secret& private_key,
                                           const crypto::OaepOptions& transport) {
  const xml::Node data = xml::only(encrypted_key, space::kEncryption, "CipherData");
  const xml::Node value =
      data == nullptr ? nullptr : xml::only(data, space::kEncryption, "CipherValue");
  const auto bytes = value == nullptr ? std::nullopt : bytes_in(value);
  if (!bytes) return std::nullopt;
  return crypto::decrypt_rsa_oaep(private_key, *bytes, transport);
}

}  // namespace latchkey::outbound::saml
