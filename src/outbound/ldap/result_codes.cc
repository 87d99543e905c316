#include "outbound/ldap/result_codes.h"

#include <ldap.h>

#include <algorithm>

#include "platform/text/shown.h"

namespace latchkey::outbound::ldap {
namespace {

using providers::Failure;
using Why = Failure::Why;

// At most this much of what a server says is kept.
constexpr std::size_t kDiagnostic = 300;

std::string said_of(const Trouble& trouble) {
  std::string said = ldap_err2string(trouble.code);
  if (trouble.code > 0) said += " (" + std::to_string(trouble.code) + ")";
  if (!trouble.diagnostic.empty()) {
    said += ": " + text::shown(std::string_view(trouble.diagnostic).substr(0, kDiagnostic));
  }
  return said;
}

// Active Directory answers 49 to all of them, and says more in the diagnostic message: "80090308:
// LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 533, v4563". It says these
// only when the password is right, except for 775, which anybody can bring about and learn.
std::optional<Failure> of_active_directory(std::string_view diagnostic) {
  constexpr std::string_view mark = ", data ";
  const std::size_t at = diagnostic.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view data = diagnostic.substr(at + mark.size());
  data = data.substr(0, data.find(','));
  const auto denied = [&](std::string_view reason, std::string sentence) {
    return Failure{Why::denied, reason, std::move(sentence) + " (data " + std::string(data) + ")"};
  };
  if (data == "530") return denied("not_now", "the directory lets the person in at other hours");
  if (data == "531") return denied("not_here", "the directory lets the person in elsewhere only");
  if (data == "532") return denied("password_expired", "the password has expired");
  if (data == "533") return denied("disabled", "the account is disabled in the directory");
  if (data == "701") return denied("expired", "the account has expired in the directory");
  if (data == "773") return denied("password_expired", "the password has to be changed first");
  if (data == "775") return denied("locked", "the account is locked in the directory");
  return std::nullopt;
}

Failure of_person(const Trouble& trouble) {
  const std::string said = said_of(trouble);
  switch (trouble.policy.value_or(PP_noError)) {
    case PP_passwordExpired:
      return {Why::denied, "password_expired", "the password has expired: " + said};
    case PP_accountLocked:
      return {Why::denied, "locked", "the account is locked in the directory: " + said};
    case PP_changeAfterReset:
      return password_to_be_changed();
    default:
      break;
  }
  switch (trouble.code) {
    case LDAP_INVALID_CREDENTIALS:
      if (auto failure = of_active_directory(trouble.diagnostic)) return *failure;
      return {Why::wrong_credentials, "wrong_password", "the directory refuses it: " + said};
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_INVALID_SYNTAX:
      // Of a name that was made of what somebody typed.
      return {Why::wrong_credentials, "no_such_person", "no entry has that name: " + said};
    case LDAP_CONSTRAINT_VIOLATION:
      // 389 Directory Server, after too many wrong passwords.
      return {Why::denied, "locked", "the directory lets the person not in: " + said};
    case LDAP_UNWILLING_TO_PERFORM:
      // 389 Directory Server and FreeIPA, of nsAccountLock.
      if (trouble.diagnostic.contains("inactivated")) {
        return {Why::denied, "disabled", "the account is disabled in the directory: " + said};
      }
      break;
    default:
      break;
  }
  return {Why::misconfigured, "refused", "the directory refuses people's passwords: " + said};
}

// GnuTLS, by which Debian's libldap encrypts, has a sentence for every failure, but libldap gives
// it a code that GnuTLS does not know when it was libldap that did not trust the certificate.
bool is_certificate(std::string_view diagnostic) {
  return diagnostic == "(unknown error code)" || diagnostic.contains("certificate");
}

}  // namespace

bool is_of_server(Step step, const Trouble& trouble) {
  switch (trouble.code) {
    case LDAP_SERVER_DOWN:
    case LDAP_TIMEOUT:
    case LDAP_CONNECT_ERROR:
    case LDAP_LOCAL_ERROR:
    case LDAP_DECODING_ERROR:
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_OTHER:
      return true;
    default:
      return step == Step::connect;
  }
}

Failure meaning_of(Step step, const Trouble& trouble) {
  const std::string said = said_of(trouble);
  if (trouble.code == LDAP_USER_CANCELLED) return {Why::unavailable, "stopped", "it was stopped"};
  if (step == Step::connect && is_certificate(trouble.diagnostic)) {
    return {Why::misconfigured, "certificate",
            "its certificate is not one for this address from an authority that ca_file has, or "
            "is out of date: " +
                said};
  }
  if (step == Step::connect && trouble.code > 0) {
    return {Why::misconfigured, "no_tls", "it does not begin TLS with start_tls: " + said};
  }
  if (is_of_server(step, trouble)) {
    const bool time = trouble.code == LDAP_TIMEOUT;
    return {Why::unavailable, time ? "timed_out" : "no_answer", "it does not answer: " + said};
  }
  if (step == Step::bind_person) return of_person(trouble);
  if (step == Step::bind_ours) {
    return {Why::misconfigured, "bind", "bind_dn and bind_password are refused: " + said};
  }
  switch (trouble.code) {
    case LDAP_TIMELIMIT_EXCEEDED:
      return {Why::unavailable, "timed_out", "the search takes the directory too long: " + said};
    case LDAP_NO_SUCH_OBJECT:
      return {Why::misconfigured, "no_base",
              "there is no entry where it searches, or bind_dn may not see it: " + said};
    case LDAP_REFERRAL:
      return {Why::misconfigured, "referral",
              "it says to ask another server, which has to be in servers itself: " + said};
    case LDAP_FILTER_ERROR:
      return {Why::misconfigured, "filter", "the filter cannot be read: " + said};
    default:
      return {Why::misconfigured, "search", "it refuses the search: " + said};
  }
}

Failure password_to_be_changed() {
  return {Why::denied, "password_expired",
          "the password is right, and has to be changed at the directory first"};
}

}  // namespace latchkey::outbound::ldap
