#pragma once

#include "app/core.h"
#include "domain/clients/clients.h"
#include "domain/ground/batches.h"
#include "domain/oauth/authorization_codes.h"
#include "domain/oauth/device_grants.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/oauth/oauth.h"

namespace latchkey::app {

// Everything that the OAuth 2.0 endpoints call, built and wired once.
class OauthApi {
 public:
  OauthApi(Core& core, limits::AttemptLimits& limits, account_pages::AccountPages& pages);

  // Makes the keys of ID tokens where there are none, so that no request waits for them.
  void prepare() { keys_.current_now(); }

  // Deletes codes that have expired and registrations that nobody uses.
  void purge(const Batches& batches);

 private:
  clients::Clients clients_;
  oauth::AuthorizationCodes codes_;
  oauth::DeviceGrants devices_;
  oauth::SigningKeys keys_;
  oauth::Claims claims_;

 public:
  const oauth::Api api;
};

}  // namespace latchkey::app
