#pragma once

#include <functional>
#include <string>

#include "app/config.h"
#include "domain/providers/provider_set.h"
#include "platform/crypto/certificate.h"
#include "platform/http/public_url.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

namespace latchkey::app {

// The key by which this server is known to a provider that wants one, by the provider's id. Waits
// for the database.
using KeyOf = std::function<crypto::KeyPair(const std::string&)>;

// The identity providers of the configuration, each with what speaks its protocol. None is asked
// anything yet: one that is down keeps nobody from starting.
providers::ProviderSet make_providers(const Config& config, const http::PublicUrl& public_url,
                                      const Clock& clock, const telemetry::Log& log,
                                      const KeyOf& key_of);

}  // namespace latchkey::app
