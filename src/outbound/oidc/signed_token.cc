#include "outbound/oidc/signed_token.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "platform/text/json.h"

namespace latchkey::outbound::oidc {
namespace {

namespace json = boost::json;
using jose::Algorithm;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// A text that is there and not empty, or nothing.
bool text_or_none(const json::object& header, std::string_view name) {
  return !header.contains(name) || !text::text_of(header, name).empty();
}

std::string_view reason_of(jose::Fault fault) {
  switch (fault) {
    case jose::Fault::malformed:
      return fault::kMalformed;
    case jose::Fault::wrong_algorithm:
      return fault::kAlgorithm;
    case jose::Fault::wrong_key:
      return fault::kUnknownKey;
    case jose::Fault::wrong_type:
      return fault::kType;
    case jose::Fault::critical:
      return fault::kCritical;
    case jose::Fault::wrong_signature:
      break;
  }
  return fault::kSignature;
}

}  // namespace

std::expected<KeySet, std::string> KeySet::read(const json::object& document) {
  const auto* list = document.if_contains("keys");
  if (list == nullptr || !list->is_array()) return std::unexpected("it has no list of keys");
  KeySet set;
  for (const auto& key : list->get_array()) {
    if (set.keys_.size() == kMost) break;
    if (key.is_object()) set.keys_.push_back(key.get_object());
  }
  return set;
}

std::vector<jose::Key> KeySet::candidates(std::string_view id, Algorithm algorithm) const {
  std::vector<jose::Key> found;
  for (const json::object& jwk : keys_) {
    if (!id.empty() && text::text_of(jwk, "kid") != id) continue;
    if (auto key = jose::Key::read(jwk, algorithm)) found.push_back(std::move(*key));
  }
  return found;
}

std::size_t KeySet::usable(std::span<const Algorithm> algorithms) const {
  return static_cast<std::size_t>(std::ranges::count_if(keys_, [&](const json::object& jwk) {
    return std::ranges::any_of(algorithms, [&](Algorithm algorithm) {
      return jose::Key::read(jwk, algorithm).has_value();
    });
  }));
}

std::expected<Verified, std::string_view> verify(std::string_view token, const KeySet& keys,
                                                 const Verification& how) {
  const auto read = jose::read_unverified(token);
  if (!read) return std::unexpected(fault::kMalformed);
  const json::object& header = read->header;
  const auto algorithm = jose::algorithm_of(text::text_of(header, "alg"));
  if (!algorithm || std::ranges::find(how.allowed, *algorithm) == how.allowed.end()) {
    return std::unexpected(fault::kAlgorithm);
  }
  const std::string type = lower(text::text_of(header, "typ"));
  if (!text_or_none(header, "typ") ||
      (!type.empty() && std::ranges::find(how.types, type) == how.types.end())) {
    return std::unexpected(fault::kType);
  }
  if (!text_or_none(header, "kid")) return std::unexpected(fault::kUnknownKey);
  std::vector<jose::Key> candidates;
  if (*algorithm != Algorithm::hs256) {
    candidates = keys.candidates(text::text_of(header, "kid"), *algorithm);
  } else if (!how.client_secret.empty()) {
    candidates.push_back(jose::Key::of_secret(how.client_secret));
  }
  std::string_view why = fault::kUnknownKey;
  for (const jose::Key& key : candidates) {
    auto claims = jose::verify(token, key, "");
    if (claims) return Verified{.claims = std::move(*claims), .algorithm = *algorithm};
    why = reason_of(claims.error());
  }
  return std::unexpected(why);
}

}  // namespace latchkey::outbound::oidc
