// GET and POST /account/confirm: what an app is about to do is confirmed at an identity provider of
// the account (spec "Single Sign-On" of user-interactive authentication). The page says first what
// it is, for who reads the provider's pages learns nothing of it. Nobody has to be signed in here:
// whose account it is the app's session says, and the provider who they are.

#include <algorithm>

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/confirmation.h"

namespace latchkey::account_pages {
namespace {

using confirm::Stage;
using confirm::Turn;

http::Response gone(const AccountPages& pages, const http::Request& request, Text why) {
  return pages::show_message(pages, request,
                             {.status = 404, .title = Text::fallback_gone, .sentence = why});
}

// What is to be confirmed, and with which providers.
struct Asked {
  std::string session;
  std::string operation;
  std::string user_id;
  UserId user{};
  std::vector<const providers::Provider*> providers = {};
};

Task<std::expected<Asked, http::Response>> ask(const AccountPages& pages,
                                               const http::Request& request,
                                               const http::Form& sent) {
  std::string session = pages::field(sent, "session");
  const auto page = co_await pages.auth.look(session, Stage::sso);
  if (!page) co_return std::unexpected(gone(pages, request, Text::fallback_gone_why));
  if (page->turn == Turn::passed_already) {
    co_return std::unexpected(pages::see_other(pages::confirmed_path(session)));
  }
  if (page->turn != Turn::now || !page->user) {
    co_return std::unexpected(gone(pages, request, Text::fallback_not_asked));
  }
  Asked asked{.session = std::move(session),
              .operation = page->operation,
              .user_id = accounts::matrix_id(page->localpart, pages.server_name),
              .user = *page->user};
  const auto ways = co_await pages.federation->ways_in(asked.user);
  for (const providers::Provider& provider : pages.federation->providers().all()) {
    const bool theirs =
        std::ranges::find(ways, provider.options.id, &federation::WayIn::provider_id) != ways.end();
    if (theirs && provider.browser != nullptr) asked.providers.push_back(&provider);
  }
  co_return asked;
}

Task<http::Response> get_confirm(const AccountPages& pages, const http::Request& request) {
  const auto asked = co_await ask(pages, request, pages::query_of(request));
  if (!asked) co_return asked.error();
  const Language& language = pages::language_of(pages, request);
  html::Page page = pages::begin_page(pages, request, language.say(Text::sign_in_again),
                                      "account_confirm_app.html");
  page.values.set("PURPOSE", pages::purpose_of(language, asked->operation, asked->user_id));
  for (const providers::Provider* provider : asked->providers) {
    page.values.add("PROVIDER")
        .set("ID", provider->options.id)
        .set("LABEL", language.say(texts::ProviderConfirm{.provider = provider->options.name}))
        .set_sent("SESSION", asked->session);
  }
  co_return pages::show(pages, request, std::move(page));
}

Task<http::Response> post_confirm(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  const auto asked = co_await ask(pages, request, sent);
  if (!asked) co_return asked.error();
  const std::string id = pages::field(sent, "provider");
  const bool theirs = std::ranges::any_of(
      asked->providers, [&](const auto* provider) { return provider->options.id == id; });
  if (!theirs) co_return pages::see_other(pages::confirm_path(asked->session));
  co_return co_await leave_for_provider(pages, request,
                                        {.provider = id,
                                         .purpose = federation::Purpose::confirm,
                                         .visitor = asked->user,
                                         .next = pages::confirm_path(asked->session),
                                         .confirms = asked->session,
                                         .browser = {},
                                         .address = {}});
}

}  // namespace

void mount_confirm_app(request::Routes& routes, const AccountPages& pages) {
  if (pages.federation == nullptr) return;
  routes.add(http::Method::get, std::string(pages::kConfirm),
             [&pages](const http::Request& request) { return get_confirm(pages, request); });
  add_open_form(routes, pages, std::string(pages::kConfirm),
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_confirm(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
