#pragma once

#include "app/client_api.h"
#include "app/core.h"
#include "app/oauth_api.h"
#include "platform/http/router.h"

namespace latchkey::app {

// Every path of the server. What is mounted must outlive the router's use.
void mount(http::Router& router, Core& core, const ClientApi& client_api,
           const OauthApi& oauth_api);

}  // namespace latchkey::app
