#include "domain/self/proof.h"

#include <stdexcept>
#include <utility>

#include "domain/accounts/recovery_links.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"

namespace latchkey::self {
namespace {

using Why = Refused::Why;

std::unexpected<Refused> refuse(Why why) { return std::unexpected(Refused{.why = why}); }

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace

Proof proof_of(const signin::Caller& who, confirm::AuthPassed passed) {
  if (who.is_service()) {
    return ServiceProof{who.identity.user, who.service, std::move(passed)};
  }
  return ClientProof{who.identity.user, who.identity.session.value(), std::move(passed)};
}

ServiceProof proof_of_service(const signin::Caller& who) {
  return {.user = who.identity.user, .service = who.service};
}

BrowserProof proof_of(const signin::BrowserSession& who) {
  return {.user = who.account.id, .browser = who.id};
}

Admission::Result Admission::admit(db::Tx& tx, const Proof& proof, Need need) const {
  return std::visit([&](const auto& shown) { return check(tx, shown, need); }, proof);
}

Admission::Result Admission::check(db::Tx& tx, const ClientProof& proof, Need) const {
  auto account = sessions::lock_account(tx, proof.user);
  auto session = sessions::find_session(tx, proof.session);
  if (!account || !session) {
    throw db::Unavailable("a session vanished while its account was changed");
  }
  require(session->account.id == account->id, "a proof by another account's session");
  // Somebody may have signed this session out while its person was typing the password.
  if (const auto over = sessions_.over(*session)) {
    return std::unexpected(Refused{.why = Why::session_over, .standing = *over});
  }
  if (!auth_.redeem(tx, account->id, proof.passed)) return refuse(Why::confirmation_used_up);
  Admitted admitted(std::move(*account));
  admitted.session = std::move(*session);
  return admitted;
}

Admission::Result Admission::check(db::Tx& tx, const ServiceProof& proof, Need) const {
  auto account = sessions::lock_account(tx, proof.user);
  if (!account) throw db::Unavailable("an account vanished while it was changed");
  require(proof.service != nullptr && proof.service->claims(account->localpart),
          "a proof by a service whose user it is not");
  if (const auto over = sessions::judge_account(*account)) {
    // The service's token is good: only its user is not.
    if (over->worth == sessions::Worth::ended) return refuse(Why::account_deactivated);
    return std::unexpected(Refused{.why = Why::session_over, .standing = *over});
  }
  if (proof.passed && !auth_.redeem(tx, account->id, *proof.passed)) {
    return refuse(Why::confirmation_used_up);
  }
  return Admitted(std::move(*account));
}

Admission::Result Admission::check(db::Tx& tx, const BrowserProof& proof, Need need) const {
  auto account = sessions::lock_account(tx, proof.user);
  // Read under the account's lock, which whoever ends browsers holds: what a page has seen may be
  // over by the time its form comes.
  const auto browser = signin::find_browser_by_id(tx, proof.browser);
  if (!account || !browser || browsers_.over(*browser) || sessions::judge_account(*account)) {
    return refuse(Why::browser_signed_out);
  }
  require(browser->account.id == account->id, "a proof by another account's browser");
  if (proof.password) {
    require(proof.password->account.id == account->id, "a proof by another account's password");
    if (!signin::PasswordCheck::lock_if_unchanged(tx, *proof.password)) {
      return refuse(Why::confirmation_used_up);
    }
  } else if (need == Need::fresh && !browsers_.fresh(*browser)) {
    return refuse(Why::not_fresh);
  }
  Admitted admitted(std::move(*account));
  admitted.browser = proof.browser;
  return admitted;
}

Admission::Result Admission::check(db::Tx& tx, const LinkProof& proof, Need) const {
  auto account = sessions::lock_account(tx, proof.user);
  // Read under the account's lock: of two that use the link at once one finds it.
  if (!account || sessions::judge_account(*account) ||
      accounts::find_recovery_link(tx, proof.link, ground_.clock.now()) != account->id) {
    return refuse(Why::link_not_valid);
  }
  Admitted admitted(std::move(*account));
  admitted.password_change = events::PasswordChange::recovered;
  return admitted;
}

Admission::Result Admission::admit(db::Tx& tx, const OperatorProof& proof) {
  auto account = sessions::lock_account(tx, proof.user);
  if (!account) throw db::Unavailable("an account vanished while it was changed");
  if (account->deactivated_at && !proof.deactivated_too) return refuse(Why::account_deactivated);
  Admitted admitted(std::move(*account));
  admitted.password_change = events::PasswordChange::by_administrator;
  return admitted;
}

}  // namespace latchkey::self
