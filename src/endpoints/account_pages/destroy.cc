// What cannot be undone: deleting a device or several, signing out everywhere, resetting the
// encryption identity (MSC4312), deactivating the account. Each page says first what it is and what
// will be lost, and asks for the password unless it was just given: links to them are public, and
// anybody can make one (MSC4191 "Security considerations").

#include <algorithm>
#include <utility>

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/words.h"
#include "platform/http/percent.h"

namespace latchkey::account_pages {
namespace {

// A page that asks before something is destroyed.
struct Question {
  std::string_view title;
  std::string_view consequence;
  std::string_view button;
  std::string action;  // where it is posted
  std::string cancel;  // where one goes instead
  std::vector<std::string> device_ids = {};
  bool several = false;        // of the devices on the list
  bool unused = false;         // only those that are still unused
  bool about_account = false;  // to be confirmed by typing its Matrix ID
  html::Values facts = {};
};

http::Response ask(const Visit& visit, Question question, const pages::Refusals& refusals) {
  html::Page page =
      pages::begin_page(visit.pages, visit.request, question.title, "account_confirm.html");
  page.script = kShowPassword;
  html::Values& values = page.values;
  values.set("CONSEQUENCE", question.consequence).set("DO", question.button);
  values.set("ACTION", question.action).set("CANCEL_LINK", question.cancel);
  values.set("ACCOUNT", visit.matrix_id());
  values.add_text("CAUTION", visit.language.say(Text::device_delete_link_warning));
  for (const std::string& id : question.device_ids) values.add_sent("DEVICE_ID_FIELD", id);
  if (question.several) values.add("SEVERAL");
  if (question.unused) values.add("UNUSED");
  values.include("FACTS", "account_facts.html") = std::move(question.facts);
  if (question.about_account) {
    html::Values& choice = values.add("CHOICE").set("CHOICE_TEXT", visit.language.say(Text::erase));
    choice.set("CHOICE_HINT",
               visit.language.say(visit.pages.homeserver != nullptr ? Text::erase_seen_hint
                                                                    : Text::erase_hint));
    if (pages::field(visit.form, "erase") == "1") choice.add("TICKED");
    values.add("TYPED").set("TYPED_LABEL",
                            visit.language.say(texts::TypeId{.user = visit.matrix_id()}));
  }
  pages::put_refusals(page, refusals, {"confirm", "password"});
  // Another tab may have confirmed it meanwhile: what is wrong stands at its field all the same.
  const bool about_password =
      std::ranges::find(refusals, "password", &pages::Refused::field) != refusals.end();
  const bool fresh = visit.pages.browsers.fresh(visit.who);
  // Who came by a provider may have no password here: they confirm there, and come back.
  const bool elsewhere = !fresh && visit.pages.federation != nullptr &&
                         visit.who.authenticated.by == signin::AuthMethod::provider;
  if (elsewhere) {
    values.add_text(
        "CONFIRM_LINK",
        pages::sign_in_path(pages::same_page(visit.pages, visit.request), {.again = true}));
  } else {
    if (about_password || !fresh) values.add("PASSWORD_FIELD");
    values.add("READY");
  }
  http::Response response = pages::show(visit.pages, visit.request, std::move(page));
  pages::put_retry(response, refusals);
  return response;
}

pages::Refused wrong_password(const Visit& visit) {
  pages::Refused refused = pages::wrong_field(visit.language, "password", Text::error_password);
  refused.status = 403;
  return refused;
}

// The session to go on with: the visitor's, or the one that the password has made of it.
struct Confirmed {
  signin::BrowserSession who;
  std::string cookie = {};  // empty: the browser keeps its own
};

Task<std::expected<Confirmed, pages::Refused>> confirm(const Visit& visit) {
  std::string password = pages::field(visit.form, "password");
  if (password.empty()) co_return Confirmed{visit.who};
  auto again = co_await visit.pages.browsers.reauthenticate(
      visit.who, std::move(password), std::string(visit.request.client_address));
  if (again) co_return Confirmed{std::move(again->session), std::move(again->cookie)};
  if (again.error().why == signin::LoginRefused::Why::wrong_credentials) {
    co_return std::unexpected(wrong_password(visit));
  }
  co_return std::unexpected(pages::words(visit.language, again.error()));
}

// With the new cookie, if there is one: the old one is over.
http::Response with_cookie(const Visit& visit, const Confirmed& confirmed,
                           http::Response response) {
  if (!confirmed.cookie.empty()) pages::give_cookie(visit.pages, response, confirmed.cookie);
  return response;
}

// --- a device

Question about_device(const Visit& visit, const self::AccountDevice& device) {
  const std::string query = "?device_id=" + http::percent_encode(device.id);
  Question question{.title = visit.language.say(Text::device_delete_title),
                    .consequence = visit.language.say(Text::device_delete_why),
                    .button = visit.language.say(Text::device_delete_do),
                    .action = "/account/device/delete",
                    .cancel = "/account/device" + query,
                    .device_ids = {device.id}};
  question.facts.add("FACT")
      .set("NAME", visit.language.say(Text::device))
      .set("VALUE", device_name(visit, device));
  put_device_facts(question.facts, visit, device);
  return question;
}

Task<http::Response> ask_device(const Visit& visit, pages::Refusals refusals) {
  const std::string id = pages::field(visit.form, "device_id");
  if (id.empty()) co_return pages::see_other("/account/devices");
  const auto device = co_await find_device(visit, id);
  if (!device) co_return no_such_device(visit);
  co_return ask(visit, about_device(visit, *device), refusals);
}

Task<http::Response> get_delete(const Visit& visit) { co_return co_await ask_device(visit, {}); }

Task<http::Response> post_delete(const Visit& visit) {
  const auto confirmed = co_await confirm(visit);
  if (!confirmed) co_return co_await ask_device(visit, {confirmed.error()});
  const auto deleted = co_await visit.pages.operations.delete_devices(
      self::proof_of(confirmed->who), {pages::field(visit.form, "device_id")});
  http::Response response;
  if (deleted == std::size_t{1}) {
    response = pages::done(visit.pages, "/account/devices", pages::Notice::device_deleted);
  } else {
    // None: the page says that there is no such device.
    response = co_await ask_device(
        visit, deleted ? pages::Refusals()
                       : pages::Refusals{pages::words(visit.language, deleted.error())});
  }
  co_return with_cookie(visit, *confirmed, std::move(response));
}

// --- several devices

// Fewer than a form may have fields. The others are left for another time.
constexpr std::ptrdiff_t kMostAtOnce = 900;

// Those that the form names, and of these, or of all, those that were not used for long.
Task<std::vector<self::AccountDevice>> meant(const Visit& visit) {
  const auto named = [&](std::string_view id) {
    return std::ranges::any_of(visit.form.fields(), [&](const http::Form::Field& field) {
      return field.name == "device_id" && (id.empty() || field.value == id);
    });
  };
  const bool unused = !pages::field(visit.form, "unused").empty();
  const bool by_name = named("") || !unused;
  auto devices = co_await list_devices(visit);
  std::erase_if(devices, [&](const self::AccountDevice& device) {
    return (by_name && !named(device.id)) ||
           (unused && !self::long_unused(device, visit.pages.clock.now()));
  });
  if (std::ssize(devices) > kMostAtOnce)
    devices.erase(devices.begin() + kMostAtOnce, devices.end());
  co_return devices;
}

http::Response none_chosen(const Visit& visit) {
  return pages::done(visit.pages, "/account/devices", pages::Notice::devices_none_chosen);
}

Task<http::Response> ask_devices(const Visit& visit, pages::Refusals refusals) {
  const auto devices = co_await meant(visit);
  if (devices.empty()) co_return none_chosen(visit);
  const auto count = static_cast<std::int64_t>(devices.size());
  const std::string title = visit.language.say(texts::DevicesDeleteTitle{.count = count});
  const std::string button = visit.language.say(texts::DevicesDeleteDo{.count = count});
  Question question{.title = title,
                    .consequence = visit.language.say(Text::devices_delete_why),
                    .button = button,
                    .action = "/account/devices/delete",
                    .cancel = "/account/devices",
                    .several = true,
                    .unused = !pages::field(visit.form, "unused").empty()};
  for (const self::AccountDevice& device : devices) {
    question.device_ids.push_back(device.id);
    question.facts.add("FACT")
        .set("NAME", device_name(visit, device))
        .set("VALUE", device.last_used_at
                          ? visit.language.ago(*device.last_used_at, visit.pages.clock.now()) +
                                " · " + device.id
                          : device.id);
  }
  co_return ask(visit, std::move(question), refusals);
}

Task<http::Response> get_devices_delete(const Visit& visit) {
  co_return co_await ask_devices(visit, {});
}

// From the list the form is only a question.
Task<http::Response> post_devices_delete(const Visit& visit) {
  if (pages::field(visit.form, "confirmed") != "1") co_return co_await ask_devices(visit, {});
  const auto confirmed = co_await confirm(visit);
  if (!confirmed) co_return co_await ask_devices(visit, {confirmed.error()});
  std::vector<std::string> ids;
  for (self::AccountDevice& device : co_await meant(visit)) ids.push_back(std::move(device.id));
  if (ids.empty()) co_return with_cookie(visit, *confirmed, none_chosen(visit));
  const auto deleted =
      co_await visit.pages.operations.delete_devices(self::proof_of(confirmed->who), ids);
  http::Response response;
  if (deleted) {
    response = pages::done(visit.pages, "/account/devices", pages::Notice::devices_deleted);
  } else {
    response = co_await ask_devices(visit, {pages::words(visit.language, deleted.error())});
  }
  co_return with_cookie(visit, *confirmed, std::move(response));
}

// --- everything

Task<http::Response> ask_everything(const Visit& visit, pages::Refusals refusals) {
  const auto devices =
      co_await visit.pages.overview.account_devices(visit.who.account.id, visit.who.id);
  Question question{.title = visit.language.say(Text::everything_title),
                    .consequence = visit.language.say(Text::everything_why),
                    .button = visit.language.say(Text::everything_do),
                    .action = "/account/sign-out-everywhere",
                    .cancel = std::string(pages::kHome)};
  question.facts.add("FACT")
      .set("NAME", visit.language.say(Text::matrix_id))
      .set("VALUE", visit.matrix_id());
  question.facts.add("FACT")
      .set("NAME", visit.language.say(Text::everything_count))
      .set("VALUE", std::to_string(devices.size()));
  co_return ask(visit, std::move(question), refusals);
}

Task<http::Response> get_everything(const Visit& visit) {
  co_return co_await ask_everything(visit, {});
}

Task<http::Response> post_everything(const Visit& visit) {
  const auto confirmed = co_await confirm(visit);
  if (!confirmed) co_return co_await ask_everything(visit, {confirmed.error()});
  const auto ended =
      co_await visit.pages.operations.sign_out_everywhere(self::proof_of(confirmed->who));
  http::Response response;
  if (ended) {
    response = pages::done(visit.pages, std::string(pages::kHome), pages::Notice::everything);
  } else {
    response = co_await ask_everything(visit, {pages::words(visit.language, ended.error())});
  }
  co_return with_cookie(visit, *confirmed, std::move(response));
}

// --- the encryption identity

constexpr std::string_view kReset = "/account/cross-signing-reset";

http::Response ask_reset(const Visit& visit, const pages::Refusals& refusals) {
  Question question{.title = visit.language.say(Text::cross_signing),
                    .consequence = visit.language.say(Text::cross_signing_consequence),
                    .button = visit.language.say(Text::cross_signing_do),
                    .action = std::string(kReset),
                    .cancel = std::string(pages::kHome)};
  question.facts.add("FACT")
      .set("NAME", visit.language.say(Text::matrix_id))
      .set("VALUE", visit.matrix_id());
  return ask(visit, std::move(question), refusals);
}

http::Response cannot_reset(const Visit& visit) {
  return pages::show_message(visit.pages, visit.request,
                             {.title = Text::cross_signing,
                              .sentence = Text::cross_signing_why,
                              .link = std::string(pages::kHome)});
}

Task<http::Response> get_reset(const Visit& visit) {
  if (visit.pages.homeserver == nullptr) co_return cannot_reset(visit);
  co_return ask_reset(visit, {});
}

// The homeserver opens some minutes in which a client may replace the keys: the person goes back to
// theirs when that is so, and not before.
Task<http::Response> post_reset(const Visit& visit) {
  if (visit.pages.homeserver == nullptr) co_return cannot_reset(visit);
  const auto confirmed = co_await confirm(visit);
  if (!confirmed) co_return ask_reset(visit, {confirmed.error()});
  const auto allowed =
      co_await visit.pages.operations.allow_cross_signing_reset(self::proof_of(confirmed->who));
  if (!allowed) {
    co_return with_cookie(visit, *confirmed,
                          ask_reset(visit, {pages::words(visit.language, allowed.error())}));
  }
  pages::Refused later;
  try {
    co_await visit.pages.homeserver->wait_for_reset(visit.who.account.id);
  } catch (const homeserver::Unavailable&) {
    later = {.status = 503, .sentence = std::string(visit.language.say(Text::cross_signing_later))};
  }
  if (!later.sentence.empty()) {
    co_return with_cookie(visit, *confirmed, ask_reset(visit, {later}));
  }
  co_return with_cookie(visit, *confirmed,
                        pages::show_message(visit.pages, visit.request,
                                            {.title = Text::cross_signing_allowed,
                                             .sentence = Text::cross_signing_allowed_why,
                                             .link = std::string(pages::kHome)}));
}

// --- the account

http::Response ask_account(const Visit& visit, const pages::Refusals& refusals) {
  Question question{.title = visit.language.say(Text::deactivate_title),
                    .consequence = visit.language.say(Text::deactivate_why),
                    .button = visit.language.say(Text::deactivate_do),
                    .action = "/account/deactivate",
                    .cancel = std::string(pages::kHome),
                    .about_account = true};
  question.facts.add("FACT")
      .set("NAME", visit.language.say(Text::matrix_id))
      .set("VALUE", visit.matrix_id());
  return ask(visit, std::move(question), refusals);
}

Task<http::Response> get_deactivate(const Visit& visit) {
  if (!visit.pages.operations.allowed().deactivation) co_return switched_off(visit);
  co_return ask_account(visit, {});
}

Task<http::Response> post_deactivate(const Visit& visit) {
  if (!visit.pages.operations.allowed().deactivation) co_return switched_off(visit);
  if (pages::typed_field(visit.form, "confirm") != visit.matrix_id()) {
    pages::Refusals refusals{pages::wrong_field(visit.language, "confirm", Text::error_account_id)};
    if (const std::string password = pages::field(visit.form, "password"); !password.empty()) {
      const auto known = co_await visit.pages.operations.check_password(visit.who, password);
      if (!known && known.error().why == self::Refused::Why::wrong_password) {
        refusals.push_back(wrong_password(visit));
      }
    }
    co_return ask_account(visit, refusals);
  }
  const auto confirmed = co_await confirm(visit);
  if (!confirmed) co_return ask_account(visit, {confirmed.error()});
  const auto ended = co_await visit.pages.operations.deactivate(
      self::proof_of(confirmed->who), pages::field(visit.form, "erase") == "1");
  if (!ended) {
    co_return with_cookie(visit, *confirmed,
                          ask_account(visit, {pages::words(visit.language, ended.error())}));
  }
  http::Response response = pages::show_message(
      visit.pages, visit.request, {.title = Text::deactivated, .sentence = Text::deactivated_why});
  pages::take_cookie(visit.pages, response);
  co_return response;
}

}  // namespace

void mount_destroy(request::Routes& routes, const AccountPages& pages) {
  add_page(routes, pages, "/account/device/delete", get_delete);
  add_form(routes, pages, "/account/device/delete", "/account/devices", post_delete);
  add_page(routes, pages, "/account/devices/delete", get_devices_delete);
  add_form(routes, pages, "/account/devices/delete", "/account/devices", post_devices_delete);
  add_page(routes, pages, "/account/sign-out-everywhere", get_everything);
  add_form(routes, pages, "/account/sign-out-everywhere", "/account/sign-out-everywhere",
           post_everything);
  add_page(routes, pages, std::string(kReset), get_reset);
  add_form(routes, pages, std::string(kReset), kReset, post_reset);
  add_page(routes, pages, "/account/deactivate", get_deactivate);
  add_form(routes, pages, "/account/deactivate", "/account/deactivate", post_deactivate);
}

}  // namespace latchkey::account_pages
