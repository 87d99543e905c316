#include "endpoints/request/standard_error.h"

#include <boost/json/serialize.hpp>

#include "endpoints/request/origin.h"

namespace latchkey::request {
namespace {

namespace json = boost::json;
using sessions::Reason;
using sessions::Worth;

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

// Of what the server answers on its own.
std::string_view errcode_of(const ServerRefusal& refusal) {
  const int status = refusal.status;
  if (refusal.invalid) return "M_INVALID_PARAM";
  if (status == 404 || status == 405) return "M_UNRECOGNIZED";
  return status == 413 || status == 431 ? "M_TOO_LARGE" : "M_UNKNOWN";
}

}  // namespace

http::Response json_answer(int status, const json::object& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

http::Response error(int status, std::string_view errcode, std::string_view text) {
  return json_answer(status, {{"errcode", errcode}, {"error", text}});
}

http::Response limit_exceeded(Duration retry_after, std::string_view text) {
  http::Response response = json_answer(
      429,
      {{"errcode", "M_LIMIT_EXCEEDED"}, {"error", text}, {"retry_after_ms", retry_after.count()}});
  put_retry_after(response, retry_after);
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
  return json_answer(401, {{"errcode", errcode}, {"error", text}, {"soft_logout", soft_logout}});
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

http::Response standard_refusal(const ServerRefusal& refusal, const http::Request& /*request*/) {
  http::Response response = error(refusal.status, errcode_of(refusal), refusal.sentence);
  if (refusal.retry_after > Duration{0}) put_retry_after(response, refusal.retry_after);
  return response;
}

}  // namespace latchkey::request
