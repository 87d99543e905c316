// What SAML providers, and whoever claims to be one, send: nothing is believed that nobody has
// signed, and what is read of the rest is text within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "outbound/saml/assertion.h"
#include "outbound/saml/binding.h"
#include "outbound/saml/logout_message.h"
#include "outbound/saml/metadata.h"
#include "outbound/saml/response.h"
#include "platform/text/utf8.h"

namespace {

namespace saml = latchkey::outbound::saml;
using latchkey::Secret;
using latchkey::Time;
using latchkey::text::valid_utf8;

constexpr std::size_t kLongestText = 4096;
constexpr std::string_view kIdp = "https://idp.example.org/metadata";
constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29}.time_since_epoch()};

void require(bool holds) {
  if (!holds) std::abort();
}

void require_text(std::string_view text) {
  require(valid_utf8(text) && !text.contains('\0') && text.size() <= kLongestText);
}

void read_assertion(std::string_view xml) {
  const auto document = latchkey::xml::read(xml, saml::kMostMessage);
  if (!document) return;
  const auto said = saml::read_assertion(document->root(), {.issuer = kIdp,
                                                            .audience = "us",
                                                            .acs = "acs",
                                                            .request_id = "_request",
                                                            .now = kNow,
                                                            .skew = std::chrono::seconds{60}});
  if (!said) {
    require(!said.error().reason.empty() && valid_utf8(said.error().sentence));
    return;
  }
  if (said->name) require_text(said->name->value);
  for (const auto& attribute : said->attributes) {
    require(!attribute.key().empty());
    if (attribute.value().is_string()) {
      require_text(attribute.value().get_string());
      continue;
    }
    for (const auto& value : attribute.value().as_array()) require_text(value.get_string());
  }
}

void read_metadata(std::string_view xml) {
  const auto metadata = saml::read_metadata(xml, "");
  if (!metadata) return;
  require(!metadata->entity_id.empty() && !metadata->sign_on.empty() && !metadata->keys.empty());
  for (const saml::Endpoint& one : metadata->sign_on) {
    require(one.location.starts_with("http:") || one.location.starts_with("https:"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Secret none;
  const saml::ExpectedSignOut sign_out{
      .issuer = kIdp, .destination = "logout", .now = kNow, .skew = std::chrono::seconds{60}};
  require(!saml::read_response(bytes, {}, none,
                               {.issuer = kIdp,
                                .audience = "us",
                                .acs = "acs",
                                .request_id = "_request",
                                .now = kNow,
                                .skew = std::chrono::seconds{60}}));
  require(!saml::read_signed_sign_out(bytes, {}, none, sign_out));
  require(!saml::fault_of_query(bytes, "SAMLRequest", {}).empty());
  read_assertion(bytes);
  read_metadata(bytes);
  if (const auto said = saml::read_sign_out(bytes, none, sign_out)) {
    require(!said->id.empty() && said->expires_at > kNow);
    require_text(said->who.value);
    for (const std::string& session : said->sessions) require_text(session);
  }
  if (const auto xml = saml::read_redirect(bytes)) require(xml->size() <= saml::kMostMessage);
  return 0;
}
