#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/keys/key_ring.h"
#include "platform/time.h"

// The tokens with which this server asks the homeserver for what only administrators may do there:
// suspending people. The homeserver asks back what such a token is worth, as for every other
// (introspection), and is told: an administrator's, of a user that nobody else can be
// (homeserver.administrator). No such token is stored or handed to anybody else; each lives for a
// minute, and is made of a server key, so that any node can answer for one of another.
namespace latchkey::homeserver {

inline constexpr Duration kAdministratorLifetime = std::chrono::minutes{1};

class AdministratorTokens {
 public:
  using Keys = std::function<std::shared_ptr<const keys::KeyRing>()>;
  AdministratorTokens(Keys keys, const Clock& clock) : keys_(std::move(keys)), clock_(clock) {}

  std::string make() const;
  // How long it is still good; absent: it is none, or no longer.
  std::optional<Duration> left(std::string_view token) const;

 private:
  const Keys keys_;
  const Clock& clock_;
};

}  // namespace latchkey::homeserver
