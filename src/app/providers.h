#pragma once

#include "app/config.h"
#include "domain/providers/provider_set.h"
#include "platform/http/public_url.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

namespace latchkey::app {

// The identity providers of the configuration, each with what speaks its protocol. None is asked
// anything yet: one that is down keeps nobody from starting.
providers::ProviderSet make_providers(const Config& config, const http::PublicUrl& public_url,
                                      const Clock& clock, const telemetry::Log& log);

}  // namespace latchkey::app
