#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clients/clients.h"
#include "domain/ground/batches.h"
#include "domain/oauth/authorization_request.h"
#include "domain/oauth/grant_refused.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/browser_sessions.h"

// The authorization code grant (RFC 6749 section 4.1, RFC 7636; spec "Authorisation code grant").
namespace latchkey::oauth {

// What a redeemed code or device code gives.
struct Granted {
  sessions::TokenPair tokens;
  sessions::Account account;
  SessionId session{};
  Scope scope;
  boost::json::object person;  // person_claims()
  std::string nonce;           // of the authorization request; empty: none
  signin::Authentication authenticated;
};

class AuthorizationCodes {
 public:
  AuthorizationCodes(const Ground& ground, sessions::Sessions& sessions, clients::Clients& clients)
      : ground_(ground), sessions_(sessions), clients_(clients) {}

  // Whether an open session of this person holds just this grant for this client: what
  // prompt=none may repeat without asking.
  Task<bool> consented(const signin::BrowserSession& browser, const AuthorizationRequest& request);

  // A code for the person who consented; absent: the browser was signed out meanwhile.
  Task<std::optional<std::string>> issue(const signin::BrowserSession& browser,
                                         const AuthorizationRequest& request);

  // Begins the session, once. A code that comes again ends what it gave, softly: it is not known
  // whether a thief came second, or the client itself after a lost reply, and its keys must stay.
  // `code_verifier` is empty where the code was asked for without a challenge.
  Task<std::expected<Granted, GrantRefused>> redeem(std::size_t worker,
                                                    const clients::Client& client, std::string code,
                                                    std::string redirect_uri,
                                                    std::string code_verifier,
                                                    sessions::Origin origin);

  void purge(const Batches& batches = {});

 private:
  const Ground& ground_;
  sessions::Sessions& sessions_;
  clients::Clients& clients_;
};

// What a browser has given and no client has redeemed yet.
void delete_codes_of(db::Tx& tx, BrowserSessionId browser);

}  // namespace latchkey::oauth
