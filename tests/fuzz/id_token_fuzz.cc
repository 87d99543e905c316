// What an identity provider sends: its keys and, behind a line break, a token. Whatever is believed
// was signed with a key that was published and an algorithm that is allowed, and says what it must.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "outbound/oidc/claims.h"
#include "outbound/oidc/metadata.h"
#include "outbound/oidc/signed_token.h"
#include "platform/text/json.h"

namespace {

using namespace latchkey;
using outbound::OidcOptions;

void require(bool holds) {
  if (!holds) std::abort();
}

// The tokens of the corpus are for these.
OidcOptions make_options() {
  OidcOptions options;
  options.issuer = "https://login.example.com/";
  options.client_id = "latchkey";
  options.other_audiences = {"friend"};
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const OidcOptions options = make_options();
  static const auto allowed = options.algorithms();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const auto document = text::parse_object(input.substr(0, end));
  if (!document) return 0;
  const auto metadata = outbound::oidc::read_metadata(*document, options);
  require(!metadata || metadata->token_endpoint.starts_with("https://"));
  const auto keys = outbound::oidc::KeySet::read(*document);
  if (!keys || end == input.size()) return 0;
  require(keys->size() <= outbound::oidc::KeySet::kMost);

  const std::string_view token = input.substr(end + 1);
  const auto verified = outbound::oidc::verify(
      token, *keys, {.allowed = allowed, .client_secret = Secret(), .types = {"jwt"}});
  const auto read = jose::read_unverified(token);
  if (!read) {
    require(!verified);
    return 0;
  }
  if (verified) {
    require(std::ranges::find(allowed, verified->algorithm) != allowed.end());
    require(keys->usable(allowed) > 0);
    require(verified->claims == read->claims);
  }
  // Claims are judged as if the signature were good, which the fuzzer will not guess.
  const outbound::oidc::Expected expected{.options = options,
                                          .now = from_millis(1'790'000'000'000),
                                          .nonce = "nonce",
                                          .access_token = "access"};
  const auto& claims = read->claims;
  if (!judge_id_token(claims, expected)) {
    require(text::text_of(claims, "iss") == options.issuer);
    require(text::text_of(claims, "nonce") == "nonce");
    require(outbound::oidc::is_for(claims, options.client_id));
    require(!outbound::oidc::subject_of(claims, "sub").empty());
  }
  if (const auto notice = read_logout_token(claims, expected)) {
    require(!claims.contains("nonce") && !notice->id.empty());
    require(!notice->subject.empty() || !notice->session.empty());
    require(notice->expires_at > expected.now);
  }
  return 0;
}
