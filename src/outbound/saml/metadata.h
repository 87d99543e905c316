#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outbound/saml/signature.h"
#include "platform/time.h"

// What providers say of themselves, and what we say of us (SAML Metadata).
namespace latchkey::outbound::saml {

inline constexpr std::size_t kMostMetadata = std::size_t{512} << 10;

struct Endpoint {
  std::string binding;
  std::string location;
  std::string response_location = {};  // where answers go; empty: the same
};

struct Metadata {
  std::string entity_id;
  std::vector<Endpoint> sign_on;
  std::vector<Endpoint> logout;
  Keys keys;                              // good for verifying
  std::vector<std::string> name_formats;  // may be empty: it does not say
  std::optional<Time> valid_until = {};

  // Null: there is none of that binding.
  const Endpoint* sign_on_by(std::string_view binding) const;
  const Endpoint* logout_by(std::string_view binding) const;
};

// Of the provider of that entity ID, or of the only one; the error is the end of a sentence. Nobody
// has signed them, or it has been looked at: read_signed_metadata().
std::expected<Metadata, std::string> read_metadata(std::string_view xml, std::string_view issuer);
std::expected<Metadata, std::string> read_signed_metadata(std::string_view xml,
                                                          std::string_view issuer,
                                                          const Keys& keys);

struct Ourselves {
  std::string entity_id;
  std::string acs;     // AssertionConsumerService
  std::string logout;  // SingleLogoutService
};
// What a provider has to know of this server. `certificate`: DER.
std::string own_metadata(const Ourselves& us, std::string_view certificate,
                         std::string_view name_format);

}  // namespace latchkey::outbound::saml
