#include "outbound/saml/binding.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "outbound/saml/names.h"
#include "platform/http/deflate.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"

namespace latchkey::outbound::saml {
namespace {

using http::percent_encode;

std::optional<std::string> decoded(std::string_view value) {
  // Four characters for three bytes, and the breaks.
  if (value.size() > kMostMessage / 2 * 3) return std::nullopt;
  return text::decode_base64_in_lines(value);
}

struct Raw {
  std::string_view value;
  bool there = false;
  bool twice = false;
};

Raw raw_parameter(std::string_view query, std::string_view name) {
  Raw found;
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view field(part.begin(), part.end());
    const std::size_t end = std::min(field.find('='), field.size());
    if (http::percent_decode(field.substr(0, end), http::Plus::space) != name) continue;
    found.twice = found.there;
    found.there = true;
    found.value = field.substr(std::min(end + 1, field.size()));
  }
  return found;
}

}  // namespace

std::string redirect_url(const std::string& location, const Message& message,
                         const crypto::KeyPair& key) {
  std::string query = std::string(message.parameter) + "=" +
                      percent_encode(text::encode_base64(http::deflated(message.xml)));
  if (!message.relay_state.empty()) query += "&RelayState=" + percent_encode(message.relay_state);
  query += "&SigAlg=" + percent_encode(kRsaSha256);
  query +=
      "&Signature=" + percent_encode(text::encode_base64(crypto::sign(key.private_key, query)));
  return location + (location.contains('?') ? "&" : "?") + query;
}

providers::Fields post_fields(const Message& message, const crypto::KeyPair& key) {
  providers::Fields fields{
      {std::string(message.parameter), text::encode_base64(signed_message(message.xml, key))}};
  if (!message.relay_state.empty()) fields.emplace_back("RelayState", message.relay_state);
  return fields;
}

std::expected<std::string, std::string> read_post(std::string_view value) {
  auto xml = decoded(value);
  if (!xml) return std::unexpected("is not base64, or too long");
  return *std::move(xml);
}

std::expected<std::string, std::string> read_redirect(std::string_view value) {
  const auto bytes = decoded(value);
  auto xml = bytes ? http::inflated(*bytes, kMostMessage) : std::nullopt;
  if (!xml) return std::unexpected("is not deflated base64, or too long");
  return *std::move(xml);
}

std::string_view fault_of_query(std::string_view query, std::string_view parameter,
                                const Keys& keys) {
  const Raw message = raw_parameter(query, parameter);
  const Raw state = raw_parameter(query, "RelayState");
  const Raw algorithm = raw_parameter(query, "SigAlg");
  const Raw signature = raw_parameter(query, "Signature");
  if (!signature.there || !algorithm.there) return fault::kUnsigned;
  if (message.twice || state.twice || algorithm.twice || signature.twice) return fault::kForm;
  std::string text = std::string(parameter) + "=" + std::string(message.value);
  if (state.there) text += "&RelayState=" + std::string(state.value);
  text += "&SigAlg=" + std::string(algorithm.value);
  const auto name = http::percent_decode(algorithm.value, http::Plus::space);
  const auto encoded = http::percent_decode(signature.value, http::Plus::space);
  const auto bytes = encoded ? text::decode_base64(*encoded) : std::nullopt;
  if (!name || !bytes) return fault::kWrong;
  if (!known_method(*name)) return fault::kWeak;
  return query_verifies(*name, text, *bytes, keys) ? std::string_view() : fault::kWrong;
}

}  // namespace latchkey::outbound::saml
