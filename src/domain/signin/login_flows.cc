#include "domain/signin/login_flows.h"

#include <algorithm>

#include "domain/accounts/user_rows.h"

namespace latchkey::signin {
namespace {

// By what people are authenticated on the pages in the browser, and to make a login token.
constexpr AuthMethods kOfPeople{AuthMethod::password, AuthMethod::provider};

// In the order of the list. Spec "OAuth 2.0 aware clients": those that know only this API are
// better off in the browser.
constexpr LoginFlow kLoginFlows[] = {
    {.type = "m.login.sso",
     .by = kOfPeople,
     .by_login_token = true,
     .in_browser = true,
     .marked = "oauth_aware_preferred"},
    {.type = "m.login.password", .by = {AuthMethod::password}},
    {.type = "m.login.token", .by = kOfPeople, .by_login_token = true, .marked = "get_login_token"},
    {.type = "m.login.application_service", .by_service = true},
};

bool leads_in(const LoginFlow& flow, const LoginOffer& offer,
              const std::optional<ReturningAccount>& account) {
  if (flow.by_login_token && !offer.login_tokens) return false;
  if (flow.by_service) return offer.services && (!account || account->of_service);
  if (flow.in_browser && offer.providers && account &&
      !account->methods.contains(AuthMethod::provider)) {
    return false;
  }
  const AuthMethods usable = account ? offer.methods & account->methods : offer.methods;
  return !(flow.by & usable).empty();
}

}  // namespace

std::vector<LoginFlow> flows_for(const LoginOffer& offer,
                                 const std::optional<ReturningAccount>& account) {
  std::vector<LoginFlow> flows;
  std::ranges::copy_if(kLoginFlows, std::back_inserter(flows),
                       [&](const LoginFlow& flow) { return leads_in(flow, offer, account); });
  return flows;
}

Task<std::optional<ReturningAccount>> LoginWays::recognise(const sessions::Use& use,
                                                           std::string_view token) {
  if (token.empty()) co_return std::nullopt;
  const auto account = co_await sessions_.recognise(use, token);
  if (!account) co_return std::nullopt;
  std::vector<providers::Link> links;
  const auto user = co_await ground_.db.read([&](db::Tx& tx) {
    links = providers::links_of(tx, account->id);
    return accounts::find_user_by_id(tx, account->id);
  });
  std::vector<std::string> linked;
  for (const providers::Link& link : links) linked.push_back(link.provider);
  co_return ReturningAccount{
      .methods = user ? account_methods(*user, links, passwords_, providers_) : AuthMethods{},
      .linked = std::move(linked),
      .of_service = std::ranges::any_of(services_.all(), [&](const services::Service& service) {
        return service.claims(account->localpart);
      })};
}

std::vector<std::string> LoginWays::providers_of(
    const std::optional<ReturningAccount>& account) const {
  std::vector<std::string> ids;
  for (const providers::Provider& provider : providers_.all()) {
    const std::string& id = provider.options.id;
    if (provider.browser == nullptr) continue;
    if (account && std::ranges::find(account->linked, id) == account->linked.end()) continue;
    ids.push_back(id);
  }
  return ids;
}

Task<LoginList> LoginWays::list(const sessions::Use& use, std::string_view token) {
  const LoginOffer offer{.methods = offered_methods(passwords_, providers_),
                         .providers = providers_.sends_browsers(),
                         .login_tokens = login_tokens_.enabled(),
                         .services = !services_.empty()};
  const auto account = co_await recognise(use, token);
  co_return LoginList{flows_for(offer, account), providers_of(account)};
}

}  // namespace latchkey::signin
