// POST /logout and /logout/all (spec "Session management").

#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/matrix/refusals.h"
#include "endpoints/request/origin.h"

namespace latchkey::matrix {
namespace {

using SignOut = Task<std::expected<void, sessions::Standing>> (sessions::Sessions::*)(
    const sessions::Use&, std::string_view);

// An application service's token is of its registration and no session's: no request ends it, and
// a 401 would tell a bridge that it is dead. What ends is what it asserts (MSC4326): the device, or
// all that its user has.
Task<http::Response> sign_out_for_service(const Api& api, SignOut how,
                                          const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const bool everywhere = how == &sessions::Sessions::sign_out_everywhere;
  const std::string& device = who->identity.device_id;
  if (!everywhere && device.empty()) {
    co_return error(403, "M_FORBIDDEN",
                    "An application service's token cannot be signed out. Name a device of its "
                    "users with device_id.");
  }
  const self::Proof proof = self::proof_of_service(*who);
  const auto done = everywhere ? co_await api.operations.sign_out_everywhere(proof)
                               : co_await api.operations.delete_devices(proof, {device});
  if (!done) {
    // A service confirms nothing here, so there is no session to begin anew.
    co_return refusal(done.error(), api.public_url.configured());
  }
  co_return empty_answer();
}

// A body is not asked for and not read: nothing in it could be a reason to stay signed in.
Task<http::Response> sign_out(const Api& api, SignOut how, const http::Request& request) {
  if (service_of(api, request) != nullptr)
    co_return co_await sign_out_for_service(api, how, request);
  const auto token = access_token(request, api.sessions.policy());
  if (!token) co_return token.error();
  if (!*token) co_return refusal({sessions::Worth::missing, {}, {}});
  const auto done = co_await (api.sessions.*how)(request::use_of(request), **token);
  if (!done) co_return refusal(done.error());
  co_return empty_answer();
}

}  // namespace

void mount_logout(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/logout", [&api](const http::Request& request) {
    return sign_out(api, &sessions::Sessions::sign_out, request);
  });
  add(routes, http::Method::post, "/logout/all", [&api](const http::Request& request) {
    return sign_out(api, &sessions::Sessions::sign_out_everywhere, request);
  });
}

}  // namespace latchkey::matrix
