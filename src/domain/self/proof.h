#pragma once

#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "domain/accounts/password_rules.h"
#include "domain/confirm/interactive_auth.h"
#include "domain/events/events.h"
#include "domain/services/service.h"
#include "domain/signin/browser_sessions.h"
#include "domain/signin/callers.h"

// What is done to an account is written once in this room, whoever does it: a person in a client or
// on the account pages, somebody with a recovery link, a bridge for one of its users, an operator.
// Each of them brings a proof that they may. An operation (operations.h) is one transaction:
//
//   proof ──admit()──► the account, locked, and what goes on ──► the change ──► done
//             │
//             └──► Refused: data, which each surface puts into its own words
//
// What admit() checks, with the account locked, so that nothing is over by the time it is done:
//
// clang-format off
//   | proof         | has to hold                                  | goes on afterwards              |
//   |---------------|----------------------------------------------|---------------------------------|
//   | ClientProof   | its session is not over; its confirmation is | the session, its device         |
//   |               | used up here                                 |                                 |
//   | ServiceProof  | the user is the service's, neither locked    | nothing                         |
//   |               | nor deactivated                              |                                 |
//   | BrowserProof  | signed in; for what destroys: freshly        | the browser, and the devices    |
//   |               | authenticated, or with a password that is    | that it let in                  |
//   |               | still the account's                          |                                 |
//   | LinkProof     | the link is the account's, unused and not    | nothing                         |
//   |               | expired                                      |                                 |
//   | OperatorProof | the account is not deactivated, unless the   | nothing                         |
//   |               | operation is for such an account too         |                                 |
// clang-format on
//
// What the account looks like to its person, which changes nothing, is in overview.h. What
// operators do beside (they find accounts by name, and it is noted): domain/administration.
namespace latchkey::self {

// A client whose person has confirmed who they are (user-interactive authentication).
struct ClientProof {
  UserId user;
  SessionId session;
  confirm::AuthPassed passed;
};

// An application service, which answers for its users. A few things they have to confirm all the
// same.
struct ServiceProof {
  UserId user;
  const services::Service* service;
  std::optional<confirm::AuthPassed> passed = {};
};

// A browser that is signed in to the account pages. With a password that was right just now it
// counts as fresh, while that is still the account's.
struct BrowserProof {
  UserId user;
  BrowserSessionId browser;
  std::optional<signin::CheckedUser> password = {};
};

// A recovery link (recovery_links.h), as it was shown.
struct LinkProof {
  UserId user;
  std::string link;
};

// An operator, who may do everything to everybody. Who that is, and that it is one, is known where
// they ask: a socket that only they can open, an administrator's token.
struct OperatorProof {
  UserId user;
  bool deactivated_too = false;  // the operation is for accounts that are deactivated as well
};

using Proof = std::variant<ClientProof, ServiceProof, BrowserProof, LinkProof, OperatorProof>;

Proof proof_of(const signin::Caller& who, confirm::AuthPassed passed);
ServiceProof proof_of_service(const signin::Caller& who);
BrowserProof proof_of(const signin::BrowserSession& who);

// Why nothing was done.
struct Refused {
  enum class Why {
    confirmation_used_up,  // another request was faster, or the password changed: begin anew
    session_over,          // the caller's, while its person was confirming; `standing` says how
    account_deactivated,   // to a service, or an operator
    service_itself,        // it would deactivate its own user
    browser_signed_out,    // meanwhile, or the account was locked
    not_fresh,             // the password has to be given again first
    link_not_valid,        // a recovery link that was used, replaced or has expired
    no_such_device,        // not there or not theirs
    switched_off,          // the configuration lets nobody change this themselves
    wrong_password,
    same_password,  // the new one is the one before
    weak_password,  // `weak` says why
    too_many_failures,
    busy,                // too many passwords are being hashed
    directory_away,      // that could tell whose password it is
    password_elsewhere,  // it is a directory's, and is changed there: `provider` and `url`
  };
  Why why;
  sessions::Standing standing = {};
  std::optional<accounts::WeakPassword> weak = {};
  Duration retry_after{0};    // with too_many_failures, busy and directory_away
  std::string provider = {};  // as people know it: of the last two
  std::string url = {};       // where its people change their password; empty: not told
};

// What an operation needs of a browser. The other proofs are always good for everything.
enum class Need {
  signed_in,
  fresh,  // to destroy something
};

// The account, locked until the transaction ends, and what of its person's goes on. Only
// Admission makes one: who holds it holds the lock.
class Admitted {
 public:
  accounts::Account account;
  std::optional<sessions::Session> session = {};                                   // the caller's
  std::optional<BrowserSessionId> browser = {};                                    // the visitor's
  events::PasswordChange password_change = events::PasswordChange::by_its_person;  // if it is one

 private:
  friend class Admission;
  explicit Admitted(accounts::Account locked) : account(std::move(locked)) {}
};

class Admission {
 public:
  Admission(const Ground& ground, const sessions::Sessions& sessions,
            confirm::InteractiveAuth& auth, const signin::BrowserSessions& browsers)
      : ground_(ground), sessions_(sessions), auth_(auth), browsers_(browsers) {}

  // Throws std::logic_error for a proof whose parts are not of one account: that is no request's
  // fault.
  std::expected<Admitted, Refused> admit(db::Tx& tx, const Proof& proof, Need need) const;
  // An operator's proof needs none of the parts, and is good for everything.
  static std::expected<Admitted, Refused> admit(db::Tx& tx, const OperatorProof& proof);

 private:
  using Result = std::expected<Admitted, Refused>;
  Result check(db::Tx& tx, const ClientProof& proof, Need need) const;
  Result check(db::Tx& tx, const ServiceProof& proof, Need need) const;
  Result check(db::Tx& tx, const BrowserProof& proof, Need need) const;
  Result check(db::Tx& tx, const LinkProof& proof, Need need) const;
  static Result check(db::Tx& tx, const OperatorProof& proof, Need /*need*/) {
    return admit(tx, proof);
  }

  const Ground& ground_;
  const sessions::Sessions& sessions_;
  confirm::InteractiveAuth& auth_;
  const signin::BrowserSessions& browsers_;
};

}  // namespace latchkey::self
