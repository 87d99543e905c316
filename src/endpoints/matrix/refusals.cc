#include "endpoints/matrix/refusals.h"

#include "endpoints/request/origin.h"
#include "endpoints/request/weak_password.h"

namespace latchkey::matrix {
namespace {

http::Response weak_password(const std::optional<accounts::WeakPassword>& weak) {
  return error(400, "M_WEAK_PASSWORD", request::sentence_of(weak.value()));
}

http::Response away(const std::string& provider, Duration retry_after) {
  http::Response response =
      error(503, "M_UNKNOWN", provider + " does not answer just now. Try again in a moment.");
  request::put_retry_after(response, retry_after);
  return response;
}

}  // namespace

http::Response switched_off() {
  return error(403, "M_FORBIDDEN", "This server does not let people change this themselves.");
}

http::Response refusal(const signin::LoginRefused& refused, std::string_view info_uri) {
  using Why = signin::LoginRefused::Why;
  switch (refused.why) {
    case Why::wrong_credentials:
      return error(403, "M_FORBIDDEN", "The user name or the password is wrong.");
    case Why::token_not_good:
      return error(403, "M_FORBIDDEN", "The login token is not good, or was used already.");
    case Why::not_offered:
      return error(403, "M_FORBIDDEN", "This server does not offer this way of signing in.");
    case Why::no_addresses:
      return error(403, "M_FORBIDDEN",
                   "This server does not take addresses to sign in with: use the user name.");
    case Why::outside_namespace:
      return error(400, "M_EXCLUSIVE", "This user is not in the application service's namespace.");
    case Why::not_registered:
      return error(403, "M_FORBIDDEN", "This user has not been registered.");
    case Why::account_deactivated:
      return error(403, "M_USER_DEACTIVATED", "This account has been deactivated.");
    case Why::account_locked:
      return refusal(
          sessions::Standing{sessions::Worth::locked, sessions::Reason::account_locked, {}});
    case Why::too_many_devices:
      return request::json_answer(
          403, {{"errcode", "M_USER_LIMIT_EXCEEDED"},
                {"error",
                 "This account is signed in on as many devices as it may be. Sign out "
                 "on one of them first."},
                {"info_uri", info_uri}});
    case Why::too_many_failures:
      return limit_exceeded(refused.retry_after, "Too many attempts. Try again later.");
    case Why::directory_away:
      return away(refused.provider, refused.retry_after);
    case Why::directory_refuses:
      return error(403, "M_FORBIDDEN", refused.provider + " does not let this account sign in.");
    case Why::first_time:
      return error(403, "M_FORBIDDEN",
                   refused.provider + " knows you, but you have no account here yet.");
    case Why::busy:
      break;
  }
  return limit_exceeded(refused.retry_after, "The server is busy. Try again in a moment.");
}

http::Response refusal(const federation::Refused& refused, std::string_view pages) {
  using Why = federation::Refused::Why;
  using Login = signin::LoginRefused::Why;
  switch (refused.why) {
    case Why::too_many:
      return refusal(
          signin::LoginRefused{.why = Login::too_many_failures, .retry_after = refused.retry_after},
          {});
    case Why::busy:
    case Why::unavailable:
      return refusal(signin::LoginRefused{.why = Login::busy, .retry_after = refused.retry_after},
                     {});
    case Why::locked:
      return refusal(signin::LoginRefused{Login::account_locked}, {});
    case Why::deactivated:
      return refusal(signin::LoginRefused{Login::account_deactivated}, {});
    case Why::no_account:
      return error(403, "M_FORBIDDEN",
                   "You have no account here that belongs to you at " + refused.provider +
                       ", and none can be made.");
    case Why::name_taken:
      return error(403, "M_FORBIDDEN",
                   "The user name that you would get from " + refused.provider +
                       " belongs to another account here. Tell the people who run this server.");
    default:
      break;
  }
  return error(403, "M_FORBIDDEN",
               "You sign in with " + refused.provider +
                   " for the first time: do it once in a browser, at " + std::string(pages) + ".");
}

http::Response refusal(const self::Refused& refused, std::string_view info_uri) {
  using Why = self::Refused::Why;
  using Login = signin::LoginRefused::Why;
  switch (refused.why) {
    case Why::session_over:
      return refusal(refused.standing);
    case Why::account_deactivated:
      return refusal(signin::LoginRefused{Login::account_deactivated}, info_uri);
    case Why::service_itself:
      return error(403, "M_FORBIDDEN", "An application service's own user is not deactivated.");
    case Why::switched_off:
      return switched_off();
    case Why::no_such_device:
      return error(404, "M_NOT_FOUND", "This account has no device of this ID.");
    case Why::weak_password:
      return weak_password(refused.weak);
    case Why::too_many_failures:
      return refusal(signin::LoginRefused{Login::too_many_failures, refused.retry_after}, info_uri);
    case Why::busy:
      return refusal(signin::LoginRefused{Login::busy, refused.retry_after}, info_uri);
    case Why::directory_away:
      return away(refused.provider, refused.retry_after);
    case Why::password_elsewhere:
      return error(403, "M_FORBIDDEN",
                   "The password of this account is the one of " + refused.provider +
                       ": change it there" + (refused.url.empty() ? "." : ", at " + refused.url));
    // A confirmation that was used up is answered with a new challenge; the others are of pages.
    case Why::confirmation_used_up:
    case Why::wrong_password:
    case Why::same_password:
    case Why::browser_signed_out:
    case Why::not_fresh:
    case Why::link_not_valid:
      break;
  }
  return error(403, "M_FORBIDDEN", "Confirm who you are, and try again.");
}

http::Response refusal(const registration::RegistrationRefused& refused) {
  using Why = registration::RegistrationRefused::Why;
  switch (refused.why) {
    case Why::closed:
      return error(403, "M_FORBIDDEN", "Registration is not open on this server.");
    case Why::invalid_username:
      return error(400, "M_INVALID_USERNAME",
                   "A user name is made of a-z, 0-9 and the characters . _ = - / + only, and is "
                   "not too long.");
    case Why::username_taken:
      return error(400, "M_USER_IN_USE", "This user name is taken.");
    case Why::reserved:
      return error(400, "M_USER_IN_USE", "This user name is reserved.");
    case Why::exclusive:
      return error(400, "M_EXCLUSIVE",
                   "This user name is in a namespace of an application service, or outside that of "
                   "the one which asks.");
    case Why::weak_password:
      return weak_password(refused.weak);
    case Why::too_many:
      return limit_exceeded(refused.retry_after,
                            "Too many accounts were made from here. Try again later.");
    case Why::auth_used_up:  // which is answered with a new challenge
    case Why::terms_needed:  // of who comes by an identity provider
    case Why::not_wanted:
    case Why::busy:
      break;
  }
  return limit_exceeded(refused.retry_after, "The server is busy. Try again in a moment.");
}

http::Response refusal(const accounts::NewPasswordRefused& refused) {
  if (refused.why == accounts::NewPasswordRefused::Why::weak) {
    return weak_password(refused.weak);
  }
  return limit_exceeded(accounts::kBusyFor, "The server is busy. Try again in a moment.");
}

http::Response refusal(const signin::CallerRefused& refused) {
  using Why = signin::CallerRefused::Why;
  switch (refused.why) {
    case Why::token:
      return refusal(refused.standing);
    case Why::outside_namespace:
      return error(403, "M_FORBIDDEN", "This user is not in the application service's namespace.");
    case Why::not_registered:
      return error(403, "M_FORBIDDEN", "The application service has not registered this user.");
    case Why::deactivated:
      return error(403, "M_USER_DEACTIVATED", "This account has been deactivated.");
    case Why::unknown_device:
      break;
  }
  return error(400, "M_UNKNOWN_DEVICE", "This user has no device of this ID.");
}

http::Response refusal(administration::ModerationRefused refused) {
  using Refused = administration::ModerationRefused;
  switch (refused) {
    case Refused::not_administrator:
      return error(403, "M_FORBIDDEN", "Only administrators of this server may do this.");
    case Refused::suspended:
      return error(403, "M_USER_SUSPENDED", "This account is suspended.");
    case Refused::not_local:
      return error(400, "M_INVALID_PARAM", "This is not the Matrix ID of a user of this server.");
    case Refused::own_account:
      return error(403, "M_FORBIDDEN", "Administrators do not do this to themselves.");
    case Refused::other_administrator:
      return error(403, "M_FORBIDDEN", "This user is an administrator too.");
    case Refused::not_found:
      break;
  }
  return error(404, "M_NOT_FOUND", "There is no such user.");
}

}  // namespace latchkey::matrix
