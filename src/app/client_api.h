#pragma once

#include "app/core.h"
#include "domain/accounts/terms.h"
#include "domain/administration/moderation.h"
#include "domain/federation/federation.h"
#include "domain/ground/batches.h"
#include "domain/registration/registration.h"
#include "domain/self/operations.h"
#include "domain/self/overview.h"
#include "domain/signin/browser_sessions.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/sign_in.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/matrix/matrix.h"

namespace latchkey::app {

// Everything that the Client-Server API calls, built and wired once.
class ClientApi {
 public:
  // `router`: on which the pages are to be mounted.
  ClientApi(Core& core, const http::Router& router);

  // Deletes what people left half done: authentications and login tokens that have expired.
  void purge(const Batches& batches);
  // Ends what waits for others. To be called while the server whose handlers wait still exists.
  void close();

 private:
  limits::AttemptLimits limits_;
  signin::PasswordCheck password_check_;
  signin::LoginTokens login_tokens_;
  signin::SignIn sign_in_;
  signin::LoginWays login_ways_;
  confirm::InteractiveAuth auth_;
  signin::Callers callers_;
  registration::Registration registration_;
  signin::BrowserSessions browsers_;
  self::Operations operations_;
  self::Overview overview_;
  self::Admission admission_;
  federation::Federation federation_;
  administration::Moderation moderation_;
  html::Pages pages_;

 public:
  account_pages::AccountPages pages;  // these last: they refer to the rest
  const matrix::Api api;
};

}  // namespace latchkey::app
