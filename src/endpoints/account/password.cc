// GET and POST /account/password.

#include <fmt/format.h>

#include "endpoints/account/device_words.h"
#include "endpoints/account/mount.h"
#include "endpoints/account/next.h"
#include "endpoints/account/password_form.h"
#include "endpoints/account/personal.h"

namespace latchkey::account {
namespace {

constexpr std::string_view kPath = "/account/password";

// What the person holds stays signed in (MSC2457: the caller's own token survives).
std::string names_of_kept(const Visit& visit, const std::vector<signin::AccountDevice>& devices) {
  std::string names;
  for (const auto& device : devices) {
    if (!device.here) continue;
    names.append(names.empty() ? "" : ", ").append(device_name(visit, device));
  }
  return names;
}

Task<http::Response> change_page(const Visit& visit, bool logout_devices, Refused refused) {
  const auto devices = co_await visit.pages.account.devices(visit.who);
  co_return password_form(visit.pages, visit.request,
                          {.title = visit.text("CHANGE_PASSWORD"),
                           .action = kPath,
                           .account = visit.matrix_id(),
                           .logout_devices = logout_devices,
                           .kept = names_of_kept(visit, devices),
                           .refused = std::move(refused)});
}

Task<http::Response> get_password(const Visit& visit) {
  const auto profile = co_await visit.pages.account.profile(visit.who);
  if (profile.has_password) co_return co_await change_page(visit, false, {});
  co_return show_message(visit.pages, visit.request,
                         {.title = std::string(visit.text("NO_PASSWORD")),
                          .sentence = std::string(visit.text("NO_PASSWORD_WHY")),
                          .link = std::string(kHome),
                          .link_text = std::string(visit.text("BACK_HOME"))});
}

Task<http::Response> post_password(const Visit& visit) {
  const bool logout_devices = field(visit.form, "logout_devices") == "1";
  if (auto wrong = wrong_new_password(visit.language, visit.form)) {
    co_return co_await change_page(visit, logout_devices, std::move(*wrong));
  }
  const auto changed = co_await visit.pages.account.change_password(
      visit.who, field(visit.form, "current"), field(visit.form, "password"), logout_devices);
  if (changed) co_return done(kHome, "password");
  co_return co_await change_page(visit, logout_devices, words(visit.language, changed.error()));
}

}  // namespace

http::Response password_form(const AccountPages& pages, const http::Request& request,
                             const PasswordForm& form) {
  html::Page page = begin_page(request, form.title, "account_password.html");
  html::Values& values = page.values;
  values.set("ACTION", form.action).set("ACCOUNT", form.account).set("DO", form.title);
  values.add_text("PURPOSE", form.purpose).add_text("LINK_TOKEN", form.link);
  values.add_text("ERROR", form.refused.sentence);
  if (form.link.empty()) {
    values.add("CURRENT");
    values.add("HOME_LINK");
  }
  if (form.logout_devices) values.add("TICKED");
  if (!form.kept.empty()) {
    const Language language = language_of(request);
    values.add("OTHERS");
    values.add_text("KEPT", fmt::format(fmt::runtime(text(language, "LOGOUT_KEEPS")), form.kept));
  } else {
    values.add("ALL");
  }
  if (!form.refused.sentence.empty()) page.status = form.refused.status;
  http::Response response = show(pages, request, std::move(page));
  put_retry(response, form.refused);
  return response;
}

std::optional<Refused> wrong_new_password(Language language, const http::Form& sent) {
  if (field(sent, "password") == field(sent, "repeated")) return std::nullopt;
  return Refused{.status = 400, .sentence = std::string(text(language, "ERROR_MISMATCH"))};
}

void mount_password(http::Router& router, const AccountPages& pages) {
  add_page(router, pages, std::string(kPath), get_password);
  add_form(router, pages, std::string(kPath), kPath, post_password);
}

}  // namespace latchkey::account
