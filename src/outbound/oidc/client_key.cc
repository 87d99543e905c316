#include "outbound/oidc/client_key.h"

#include "platform/text/json.h"

namespace latchkey::outbound::oidc {

std::expected<jose::Key, std::string> client_key(const Secret& jwk) {
  if (jwk.empty()) return std::unexpected("must be given, a JSON Web Key");
  const auto object = text::parse_object(jwk.reveal());
  if (!object) return std::unexpected("is not a JSON Web Key");
  const auto named = jose::algorithm_of(text::text_of(*object, "alg"));
  auto key = named ? jose::Key::read(*object, *named) : jose::Key::read(*object);
  if (!key || key->can_sign()) return key;
  const bool edwards =
      key->algorithm() == jose::Algorithm::eddsa || key->algorithm() == jose::Algorithm::ed25519;
  return std::unexpected(edwards ? "is of Ed25519, which this server cannot sign with; try ES256"
                                 : "is a public key, and signs nothing");
}

}  // namespace latchkey::outbound::oidc
