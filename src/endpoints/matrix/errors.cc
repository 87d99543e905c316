#include "endpoints/matrix/errors.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "platform/db/database.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;
using sessions::Reason;
using sessions::Worth;

// Kept short: the client may have nothing better to do than to wait for it.
constexpr std::string_view kRetryUnavailable = "2";

// How soon a client may come back when all hashing threads are taken.
constexpr Duration kBusyFor = std::chrono::seconds{2};

http::Response answer(int status, const json::object& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

http::Response weak_password(const std::optional<accounts::WeakPassword>& weak) {
  return error(400, "M_WEAK_PASSWORD", weak.value().sentence());
}

// What a person may be told about why a token is refused.
std::string_view sentence(Reason reason) {
  switch (reason) {
    case Reason::wrong_kind:
      return "This is not the kind of token that belongs here.";
    case Reason::account_locked:
      return "This account has been locked.";
    case Reason::expired:
      return "The access token has expired.";
    case Reason::replaced:
      return "The access token was replaced by a newer one.";
    case Reason::refresh_token_expired:
      return "The refresh token has expired. Sign in again to go on.";
    case Reason::past_maximum_age:
      return "The session has reached its maximum age. Sign in again to go on.";
    case Reason::idle_too_long:
      return "The session was not used for too long. Sign in again to go on.";
    case Reason::ended_softly:
    case Reason::generations_spent:
    case Reason::reused:
    case Reason::key_lost:
    case Reason::lost:
    case Reason::from_before_a_restore:
      return "Sign in again to go on with this session.";
    case Reason::ended_for_good:
    case Reason::account_deactivated:
    case Reason::purged:
      return "The session has ended.";
    case Reason::none:
    case Reason::not_ours:
    case Reason::malformed:
    case Reason::forged:
    case Reason::no_matrix_scope:
    case Reason::good:
      break;
  }
  return "The token was not recognised.";
}

}  // namespace

http::Response error(int status, std::string_view errcode, std::string_view text) {
  return answer(status, {{"errcode", errcode}, {"error", text}});
}

http::Response limit_exceeded(Duration retry_after, std::string_view text) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after).count();
  http::Response response = answer(
      429,
      {{"errcode", "M_LIMIT_EXCEEDED"}, {"error", text}, {"retry_after_ms", retry_after.count()}});
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

http::Response refusal(const sessions::Standing& standing) {
  std::string_view errcode = "M_UNKNOWN_TOKEN";
  bool soft_logout = false;
  std::string_view text = sentence(standing.reason);
  switch (standing.worth) {
    case Worth::missing:
      errcode = "M_MISSING_TOKEN";
      text = "An access token is needed.";
      break;
    case Worth::locked:
      errcode = "M_USER_LOCKED";
      soft_logout = true;
      break;
    case Worth::soft:
      soft_logout = true;
      break;
    case Worth::unknown:
    case Worth::ended:
    case Worth::active:
      break;
  }
  return answer(401, {{"errcode", errcode}, {"error", text}, {"soft_logout", soft_logout}});
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
    case Why::outside_namespace:
      return error(400, "M_EXCLUSIVE", "This user is not in the application service's namespace.");
    case Why::not_registered:
      return error(403, "M_FORBIDDEN", "This user has not been registered.");
    case Why::service_itself:
      return error(403, "M_FORBIDDEN", "An application service's own user is not deactivated.");
    case Why::account_deactivated:
      return error(403, "M_USER_DEACTIVATED", "This account has been deactivated.");
    case Why::account_locked:
      return refusal({Worth::locked, Reason::account_locked, std::nullopt});
    case Why::too_many_devices:
      return answer(403, {{"errcode", "M_USER_LIMIT_EXCEEDED"},
                          {"error",
                           "This account is signed in on as many devices as it may be. Sign out "
                           "on one of them first."},
                          {"info_uri", info_uri}});
    case Why::too_many_failures:
      return limit_exceeded(refused.retry_after, "Too many attempts. Try again later.");
    case Why::busy:
      break;
  }
  return limit_exceeded(refused.retry_after, "The server is busy. Try again in a moment.");
}

http::Response refusal(const signin::RegistrationRefused& refused) {
  using Why = signin::RegistrationRefused::Why;
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
    case Why::busy:
      break;
  }
  return limit_exceeded(refused.retry_after, "The server is busy. Try again in a moment.");
}

http::Response refusal(const accounts::NewPasswordRefused& refused) {
  if (refused.why == accounts::NewPasswordRefused::Why::weak) {
    return weak_password(refused.weak);
  }
  return limit_exceeded(kBusyFor, "The server is busy. Try again in a moment.");
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

http::Response refusal(accounts::ModerationRefused refused) {
  using Refused = accounts::ModerationRefused;
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

http::Response refusal(const text::JsonError& fault) {
  const bool json = fault.kind == text::JsonError::Kind::bad_shape;
  return error(400, json ? "M_BAD_JSON" : "M_NOT_JSON", fault.sentence);
}

http::Response refusal(const text::FieldError& fault) {
  using Kind = text::FieldError::Kind;
  switch (fault.kind) {
    case Kind::missing:
      return error(400, "M_MISSING_PARAM", fault.sentence);
    case Kind::wrong_type:
      return error(400, "M_BAD_JSON", fault.sentence);
    case Kind::too_long:
    case Kind::bad_text:
    case Kind::out_of_range:
      break;
  }
  return error(400, "M_INVALID_PARAM", fault.sentence);
}

http::Response refusal(http::Refusal refusal, std::exception_ptr fault) {
  switch (refusal) {
    case http::Refusal::bad_request:
      return error(400, "M_UNKNOWN", "The request is not valid HTTP.");
    case http::Refusal::not_found:
      return error(404, "M_UNRECOGNIZED", "There is nothing at this path.");
    case http::Refusal::method_not_allowed:
      return error(405, "M_UNRECOGNIZED", "This path does not know this method.");
    case http::Refusal::timeout:
      return error(408, "M_UNKNOWN", "The request took too long to arrive.");
    case http::Refusal::body_too_large:
      return error(413, "M_TOO_LARGE", "The request body is too large.");
    case http::Refusal::headers_too_large:
      return error(431, "M_TOO_LARGE", "The request headers are too large.");
    case http::Refusal::fault:
      try {
        if (fault) std::rethrow_exception(fault);
      } catch (const db::Unavailable&) {
        break;
      } catch (...) {
        return error(500, "M_UNKNOWN", "Something went wrong in the server.");
      }
      return error(500, "M_UNKNOWN", "Something went wrong in the server.");
    case http::Refusal::unavailable:
      break;
  }
  http::Response response =
      error(503, "M_UNKNOWN", "The server cannot answer now. Try again in a moment.");
  response.headers.emplace_back("Retry-After", kRetryUnavailable);
  return response;
}

}  // namespace latchkey::matrix
