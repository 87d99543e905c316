// With which providers one gets into an account.

#include <utility>

#include "domain/federation/federation.h"

namespace latchkey::federation {

Task<std::vector<WayIn>> Federation::ways_in(UserId user) {
  const auto links =
      co_await parts_.ground.db.read([&](db::Tx& tx) { return providers::links_of(tx, user); });
  std::vector<WayIn> ways;
  for (const providers::Link& link : links) {
    const auto* provider = parts_.providers.find(link.provider);
    ways.push_back({.provider_id = link.provider,
                    .provider = provider != nullptr ? provider->options.name : "",
                    .subject = link.subject,
                    .created_at = link.created_at,
                    .used_at = link.used_at,
                    .logout_at = link.logout_at});
  }
  co_return ways;
}

Task<std::map<BrowserSessionId, std::string>> Federation::browsers_by(UserId user) {
  const auto begun = co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return providers::list_begun_there_of(tx, user); });
  std::map<BrowserSessionId, std::string> names;
  for (const providers::BegunThere& one : begun) {
    const auto* provider = parts_.providers.find(one.provider);
    if (provider != nullptr) names.emplace(one.browser, provider->options.name);
  }
  co_return names;
}

Task<std::optional<std::string>> Federation::provider_at_once(std::string asked_for,
                                                              std::string user) {
  const providers::Provider* provider = parts_.providers.find(asked_for);
  if (provider != nullptr && provider->browser != nullptr) co_return asked_for;
  if (auto only = co_await only_way_in(std::move(user))) co_return only;
  const auto& all = parts_.providers.all();
  if (parts_.passwords.enabled() || all.size() != 1 || all.front().browser == nullptr) {
    co_return std::nullopt;
  }
  co_return all.front().options.id;
}

Task<std::optional<std::string>> Federation::only_way_in(std::string user) {
  if (user.empty()) co_return std::nullopt;
  const auto meant = signin::meaning_of(signin::UserName{std::move(user)}, parts_.server_name);
  std::vector<providers::Link> links;
  const auto found = co_await parts_.ground.db.read([&](db::Tx& tx) {
    auto account = signin::find_user(tx, meant);
    if (account) links = providers::links_of(tx, account->account.id);
    return account;
  });
  if (!found) co_return std::nullopt;
  const auto methods = parts_.passwords.methods_of(*found, links);
  if (methods != signin::AuthMethods{signin::AuthMethod::provider}) co_return std::nullopt;
  std::optional<std::string> only;
  for (const providers::Link& link : links) {
    if (parts_.providers.find(link.provider) == nullptr) continue;
    if (only && *only != link.provider) co_return std::nullopt;
    only = link.provider;
  }
  co_return only;
}

Task<std::expected<void, std::variant<Refused, self::Refused>>> Federation::unlink(
    self::BrowserProof who, std::string provider, std::string subject, std::string address) {
  using Result = std::expected<void, std::variant<Refused, self::Refused>>;
  co_return co_await parts_.ground.db.write([&](db::Tx& tx) -> Result {
    const auto admitted = parts_.admission.admit(tx, who, self::Need::fresh);
    if (!admitted) return Result(std::unexpect, admitted.error());
    const auto user = accounts::find_user_by_id(tx, who.user);
    auto links = providers::links_of(tx, who.user);
    const auto gone = std::erase_if(links, [&](const providers::Link& link) {
      return link.provider == provider && link.subject == subject;
    });
    if (gone == 0) return {};
    const auto left = parts_.passwords.methods_of(*user, links);
    if (left.empty()) return Result(std::unexpect, Refused{.why = Why::last_way_in});
    providers::delete_link(tx, who.user, provider, subject);
    parts_.ground.events.tell(tx, events::LinkRemoved{who.user});
    note(tx, admitted->account, address, "user unlink", provider + " " + subject);
    return {};
  });
}

}  // namespace latchkey::federation
