#pragma once

#include <functional>
#include <string_view>

#include "domain/sessions/sessions.h"
#include "platform/http/router.h"
#include "platform/telemetry/metrics.h"

namespace latchkey::admin {

// GET /health: 200 when requests can be served, 503 without the database and while this node should
// be sent none, for which `unfit` has a sentence.
void mount_health(http::Router& router, sessions::Sessions& sessions,
                  std::function<std::string_view()> unfit);

// GET /metrics, in Prometheus' text format: on a listener of its own.
void mount_metrics(http::Router& router, const telemetry::Registry& registry);

}  // namespace latchkey::admin
