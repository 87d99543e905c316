// Setting a new password: GET and POST /account/password with the old one, /account/recover by a
// link that an administrator has handed out.

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "endpoints/pages/words.h"
#include "endpoints/request/origin.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kChange = "/account/password";
constexpr std::string_view kRecover = "/account/recover";

// The form in which a new password is set: with the current one, or by a recovery link.
struct PasswordForm {
  std::string_view title;
  std::string_view action;
  std::string account;    // the full Matrix ID
  std::string link = {};  // the recovery link's token; empty: the current password is asked for
  std::string purpose = {};
  std::string kept = {};  // names of the devices that stay signed in whatever is ticked
};

// Again with what was sent, when something was wrong with it.
http::Response password_form(const AccountPages& pages, const http::Request& request,
                             const PasswordForm& form, const http::Form& sent,
                             const pages::Refusals& refusals) {
  const Language& language = pages::language_of(pages, request);
  html::Page page = pages::begin_page(pages, request, form.title, "account_password.html");
  page.script = kShowPassword;
  html::Values& values = page.values;
  values.set("ACTION", form.action).set("ACCOUNT", form.account).set("DO", form.title);
  values.add_text("PURPOSE", form.purpose).add_sent("LINK_TOKEN", form.link);
  put_new_password(values, pages, language, Text::new_password, sent, refusals);
  if (form.link.empty()) {
    values.add("CURRENT");
    values.add("HOME_LINK");
  }
  if (pages::field(sent, "logout_devices") == "1") values.add("TICKED");
  if (!form.kept.empty()) {
    values.add("OTHERS");
    values.add_text("KEPT", language.say(texts::LogoutKeeps{.devices = form.kept}));
  } else {
    values.add("ALL");
  }
  pages::put_refusals(page, refusals, {"current", "password", "repeated"});
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, refusals);
  return response;
}

// What the person holds stays signed in (MSC2457: the caller's own token survives).
std::string names_of_kept(const Visit& visit, const std::vector<self::AccountDevice>& devices) {
  std::vector<std::string> names;
  for (const auto& device : devices) {
    if (device.here) names.push_back(device_name(visit, device));
  }
  return names.empty() ? std::string() : visit.language.list(names);
}

Task<http::Response> change_page(const Visit& visit, pages::Refusals refusals) {
  const auto devices = co_await list_devices(visit);
  co_return password_form(visit.pages, visit.request,
                          {.title = visit.language.say(Text::change_password),
                           .action = kChange,
                           .account = visit.matrix_id(),
                           .kept = names_of_kept(visit, devices)},
                          visit.form, refusals);
}

// A directory's password is changed where the directory is managed.
http::Response changed_elsewhere(const Visit& visit, const self::Refused& elsewhere, int status) {
  pages::Message message{
      .status = status,
      .title = Text::change_password,
      .sentence = visit.language.say(texts::PasswordElsewhereWhy{.provider = elsewhere.provider}),
      .link = std::string(pages::kHome)};
  if (!elsewhere.url.empty()) {
    message.link = elsewhere.url;
    message.link_text = Text::password_elsewhere_go;
  }
  return pages::show_message(visit.pages, visit.request, message);
}

Task<http::Response> get_password(const Visit& visit) {
  if (const auto elsewhere =
          co_await visit.pages.operations.password_elsewhere(visit.who.account.id)) {
    co_return changed_elsewhere(visit, *elsewhere, 200);
  }
  if (!visit.pages.operations.password_change_offered()) co_return switched_off(visit);
  const auto profile = co_await visit.pages.overview.profile(visit.who.account.id);
  if (profile.has_password) co_return co_await change_page(visit, {});
  co_return pages::show_message(visit.pages, visit.request,
                                {.title = Text::no_password,
                                 .sentence = Text::no_password_why,
                                 .link = std::string(pages::kHome)});
}

Task<http::Response> post_password(const Visit& visit) {
  if (const auto elsewhere =
          co_await visit.pages.operations.password_elsewhere(visit.who.account.id)) {
    co_return changed_elsewhere(visit, *elsewhere, 403);
  }
  if (!visit.pages.operations.password_change_offered()) co_return switched_off(visit);
  const std::string current = pages::field(visit.form, "current");
  pages::Refusals refusals;
  if (current.empty()) {
    refusals.push_back(pages::wrong_field(visit.language, "current", Text::error_password_needed));
  }
  check_new_password(refusals, visit.pages, visit.language, visit.form);
  if (!refusals.empty() && !current.empty()) {
    const auto known = co_await visit.pages.operations.check_password(visit.who, current);
    if (!known) refusals.insert(refusals.begin(), pages::words(visit.language, known.error()));
  }
  if (!refusals.empty()) co_return co_await change_page(visit, std::move(refusals));
  const auto changed = co_await visit.pages.operations.change_password(
      visit.who, current, pages::field(visit.form, "password"),
      pages::field(visit.form, "logout_devices") == "1");
  if (changed) {
    co_return pages::done(visit.pages, std::string(pages::kHome), pages::Notice::password);
  }
  co_return co_await change_page(visit, {pages::words(visit.language, changed.error())});
}

// By a link.

http::Response gone(const AccountPages& pages, const http::Request& request) {
  return pages::show_message(pages, request,
                             {.status = 410,
                              .title = Text::recover_gone,
                              .sentence = Text::recover_gone_why,
                              .link = "/account/sign-in",
                              .link_text = Text::sign_in});
}

// The form, or why there is none.
Task<http::Response> recover_page(const AccountPages& pages, const http::Request& request,
                                  std::string link, const http::Form& sent,
                                  const pages::Refusals& refusals) {
  const auto account = co_await pages.operations.recovery_account(link);
  if (!account) co_return gone(pages, request);
  const Language& language = pages::language_of(pages, request);
  const std::string user_id = accounts::matrix_id(account->localpart, pages.server_name);
  co_return password_form(pages, request,
                          {.title = language.say(Text::recover),
                           .action = kRecover,
                           .account = user_id,
                           .link = std::move(link),
                           .purpose = language.say(texts::RecoverWhy{.user = user_id})},
                          sent, refusals);
}

Task<http::Response> get_recover(const AccountPages& pages, const http::Request& request) {
  co_return co_await recover_page(pages, request,
                                  pages::typed_field(pages::query_of(request), "token"), {}, {});
}

Task<http::Response> post_recover(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  const std::string link = pages::typed_field(sent, "token");
  const bool logout_devices = pages::field(sent, "logout_devices") == "1";
  const Language& language = pages::language_of(pages, request);
  pages::Refusals refusals;
  check_new_password(refusals, pages, language, sent);
  if (!refusals.empty()) co_return co_await recover_page(pages, request, link, sent, refusals);
  const auto recovered = co_await pages.operations.recover(
      link, pages::field(sent, "password"), logout_devices, request::origin_of(request));
  if (!recovered) {
    co_return co_await recover_page(pages, request, link, sent,
                                    {pages::words(language, recovered.error())});
  }
  http::Response response = pages::done(pages, std::string(pages::kHome), pages::Notice::password);
  pages::give_cookie(pages, response, recovered->cookie);
  co_return response;
}

}  // namespace

void mount_password(request::Routes& routes, const AccountPages& pages) {
  add_page(routes, pages, std::string(kChange), get_password);
  add_form(routes, pages, std::string(kChange), kChange, post_password);
  routes.add(http::Method::get, std::string(kRecover),
             [&pages](const http::Request& request) { return get_recover(pages, request); });
  add_open_form(routes, pages, std::string(kRecover),
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_recover(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
