// latchkey user …: accounts.

#include <fmt/format.h>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"
#include "platform/text/rfc3339.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;
using administration::Administration;

Answer done(const Administration::Result<>& result) {
  if (!result) return fail(result.error());
  return json::object{};
}

Task<Answer> create_user(const Call& call) {
  const auto id = co_await call.operations.administration.create_user(
      call.by, call.text("name"), call.optional_text("password"), call.flag("admin"));
  if (!id) co_return fail(id.error());
  co_return json::object{{"user_id", *id}};
}

std::string say_created(const json::object& answer) {
  return fmt::format("Created {}.", text_of(answer, "user_id"));
}

Task<Answer> set_password(const Call& call) {
  co_return done(co_await call.operations.administration.set_password(call.by, call.text("name"),
                                                                      call.text("password")));
}

Task<Answer> recovery_link(const Call& call) {
  const auto link = co_await call.operations.administration.recovery_link(
      call.by, call.text("name"), call.operations.recovery.link_lifetime);
  if (!link) co_return fail(link.error());
  co_return json::object{
      {"url", call.operations.public_url.of("/account/recover?token=" + link->token)},
      {"expires_at", text::format_rfc3339(link->expires_at)}};
}

std::string say_link(const json::object& answer) {
  return fmt::format("{}\nGood once, until {}. The link is shown only now.", text_of(answer, "url"),
                     text_of(answer, "expires_at"));
}

template <auto change>
Task<Answer> change_user(const Call& call) {
  co_return done(co_await (call.operations.administration.*change)(call.by, call.text("name")));
}

Task<Answer> deactivate_user(const Call& call) {
  co_return done(co_await call.operations.administration.deactivate(call.by, call.text("name"),
                                                                    call.flag("erase")));
}

Task<Answer> user_admin(const Call& call) {
  const std::string state = call.text("state");
  if (state != "on" && state != "off") co_return fail("expected on or off");
  co_return done(
      co_await call.operations.administration.set_admin(call.by, call.text("name"), state == "on"));
}

Task<Answer> soft_logout_user(const Call& call) {
  const auto count =
      co_await call.operations.administration.soft_logout_user(call.by, call.text("name"));
  if (!count) co_return fail(count.error());
  co_return json::object{{"ended", *count}};
}

Task<Answer> sign_out_user(const Call& call) {
  const auto count =
      co_await call.operations.administration.sign_out_user(call.by, call.text("name"));
  if (!count) co_return fail(count.error());
  co_return json::object{{"ended", *count}};
}

std::string say_signed_out(const json::object& answer) {
  return fmt::format("Ended {} for good, and signed out every browser.",
                     text::counted(answer.at("ended").to_number<std::size_t>(), "session"));
}

}  // namespace

std::vector<Command> user_commands() {
  using A = Administration;
  return {
      {"user create",
       "Create a user.",
       {{.name = "name",
         .sentence = "the new user's name: the Matrix ID up to the colon, without @"},
        {"password-stdin", Kind::password_stdin,
         "read the password from standard input; a terminal is asked for it. Without one nobody "
         "signs "
         "in with a password until user set-password",
         false},
        {"admin", Kind::flag, "make the user an administrator of the server", false}},
       create_user,
       say_created},
      {"user set-password",
       "Set a user's password; devices stay signed in, browsers do not.",
       {kUserName,
        {"password-stdin", Kind::password_stdin,
         "read the password from standard input; a terminal is asked for it", true}},
       set_password,
       say_done},
      {"user recovery-link",
       "Make a link with which a user sets a new password, once; the one before it is void.",
       {kUserName},
       recovery_link,
       say_link},
      {"user lock",
       "Lock an account: its tokens stop working until it is unlocked.",
       {kUserName},
       change_user<&A::lock>,
       say_done},
      {"user unlock",
       "Unlock an account: the same tokens work again.",
       {kUserName},
       change_user<&A::unlock>,
       say_done},
      {"user suspend", "Suspend an account.", {kUserName}, change_user<&A::suspend>, say_done},
      {"user unsuspend", "Lift a suspension.", {kUserName}, change_user<&A::unsuspend>, say_done},
      {"user deactivate",
       "Deactivate an account: its sessions end for good, its addresses are removed, its name "
       "stays taken.",
       {kUserName,
        {"erase", Kind::flag,
         "forget the password too, the names of the devices and where they were used; also for "
         "an account that is deactivated already",
         false}},
       deactivate_user,
       say_done},
      {"user reactivate",
       "Reactivate an account; it needs a new password.",
       {kUserName},
       change_user<&A::reactivate>,
       say_done},
      {"user admin",
       "Make a user an administrator, or not.",
       {kUserName, {.name = "state", .sentence = "on or off"}},
       user_admin,
       say_done},
      {"user sign-out",
       "End all sessions of a user for good, and sign out the browsers: clients wipe their keys.",
       {kUserName},
       sign_out_user,
       say_signed_out},
      {"user soft-logout",
       "End all sessions of a user softly: people sign in again and keep their keys.",
       {kUserName},
       soft_logout_user,
       say_ended},
  };
}

}  // namespace latchkey::admin
