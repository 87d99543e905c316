// GET and POST /account/password.

#include "endpoints/account_pages/device_words.h"
#include "endpoints/account_pages/mount.h"
#include "endpoints/account_pages/password_form.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/personal.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kPath = "/account/password";

// What the person holds stays signed in (MSC2457: the caller's own token survives).
std::string names_of_kept(const pages::Visit& visit,
                          const std::vector<self::AccountDevice>& devices) {
  std::vector<std::string> names;
  for (const auto& device : devices) {
    if (device.here) names.push_back(device_name(visit, device));
  }
  return names.empty() ? std::string() : visit.language.list(names);
}

Task<http::Response> change_page(const pages::Visit& visit, bool logout_devices,
                                 pages::Refused refused) {
  const auto devices = co_await visit.pages.account.devices(visit.who);
  co_return password_form(visit.pages, visit.request,
                          {.title = visit.language.say(Text::change_password),
                           .action = kPath,
                           .account = visit.matrix_id(),
                           .logout_devices = logout_devices,
                           .kept = names_of_kept(visit, devices),
                           .refused = std::move(refused)});
}

Task<http::Response> get_password(const pages::Visit& visit) {
  const auto profile = co_await visit.pages.account.profile(visit.who);
  if (profile.has_password) co_return co_await change_page(visit, false, {});
  co_return pages::show_message(visit.pages, visit.request,
                                {.title = Text::no_password,
                                 .sentence = Text::no_password_why,
                                 .link = std::string(pages::kHome)});
}

Task<http::Response> post_password(const pages::Visit& visit) {
  const bool logout_devices = pages::field(visit.form, "logout_devices") == "1";
  if (auto wrong = wrong_new_password(visit.language, visit.form)) {
    co_return co_await change_page(visit, logout_devices, std::move(*wrong));
  }
  const auto changed = co_await visit.pages.account.change_password(
      visit.who, pages::field(visit.form, "current"), pages::field(visit.form, "password"),
      logout_devices);
  if (changed) co_return pages::done(pages::kHome, pages::Notice::password);
  co_return co_await change_page(visit, logout_devices,
                                 pages::words(visit.language, changed.error()));
}

}  // namespace

http::Response password_form(const pages::AccountPages& pages, const http::Request& request,
                             const PasswordForm& form) {
  html::Page page = pages::begin_page(pages, request, form.title, "account_password.html");
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
    const Language& language = pages::language_of(pages, request);
    values.add("OTHERS");
    values.add_text("KEPT", language.say(texts::LogoutKeeps{.devices = form.kept}));
  } else {
    values.add("ALL");
  }
  if (!form.refused.sentence.empty()) page.status = form.refused.status;
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, form.refused);
  return response;
}

std::optional<pages::Refused> wrong_new_password(const Language& language, const http::Form& sent) {
  if (pages::field(sent, "password") == pages::field(sent, "repeated")) return std::nullopt;
  return pages::Refused{.status = 400, .sentence = std::string(language.say(Text::error_mismatch))};
}

void mount_password(request::Routes& routes, const pages::AccountPages& pages) {
  pages::add_page(routes, pages, std::string(kPath), get_password);
  pages::add_form(routes, pages, std::string(kPath), kPath, post_password);
}

}  // namespace latchkey::account_pages
