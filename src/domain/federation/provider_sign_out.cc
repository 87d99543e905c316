// Who signs out here, and then at the provider that had signed them in (OpenID Connect
// RP-Initiated Logout 1.0, and what other protocols have for it). Here they are signed out first,
// whatever the provider says or does not.

#include <utility>

#include "domain/federation/federation.h"
#include "domain/federation/kept_hint.h"
#include "platform/crypto/kept_hash.h"
#include "platform/text/json.h"

namespace latchkey::federation {
namespace {

using providers::SignOutCourse;

// Who reads the page that offers it leaves it open.
constexpr Duration kOffered = std::chrono::minutes{30};

}  // namespace

Task<std::optional<Federation::Begun>> Federation::find_begun(const signin::BrowserSession& who) {
  auto row = co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return providers::find_begun_there(tx, who.id); });
  if (!row || row->user != who.account.id) co_return std::nullopt;
  const providers::Provider* provider = parts_.providers.find(row->provider);
  if (provider == nullptr || provider->browser == nullptr) co_return std::nullopt;
  co_return Begun{provider, std::move(*row)};
}

Task<std::string> Federation::offered_sign_out(signin::BrowserSession who) {
  const auto begun = co_await find_begun(who);
  if (!begun) co_return std::string();
  const providers::ProviderOptions& options = begun->provider->options;
  co_return options.sign_out_there == providers::SignOutThere::offer ? options.name : std::string();
}

Task<std::optional<providers::Departure>> Federation::departure_of(const Way& way,
                                                                   std::string return_to) {
  const providers::SigningOut leaving{
      .session = {.name = std::string(text::text_of(way.attempt.kept, "session")),
                  .hint = Secret(std::string(text::text_of(way.attempt.kept, "hint")))},
      .return_to = std::move(return_to),
      .state = way.state};
  auto departure = co_await pool_of(*way.provider).run([&way, &leaving] {
    return way.provider->browser->sign_out(leaving);
  });
  if (!departure) co_return std::nullopt;  // too many wait for providers
  co_return std::move(*departure);
}

Task<std::optional<StillThere>> Federation::sign_out(SignOut leaving) {
  const auto begun = co_await find_begun(leaving.who);
  co_await parts_.browsers.end(leaving.who.account.id, leaving.who.id);
  if (!begun) co_return std::nullopt;
  const providers::ProviderOptions& options = begun->provider->options;
  const auto course =
      providers::course_of_sign_out(options.sign_out_there, leaving.there, !leaving.next.empty());
  if (course == SignOutCourse::here) co_return std::nullopt;
  const Time now = parts_.ground.clock.now();
  Way way{.provider = begun->provider,
          .attempt = {.hash = {},
                      .provider = options.id,
                      .purpose = Purpose::sign_out,
                      .browser = crypto::kept_hash(leaving.browser),
                      .user = leaving.who.account.id,
                      .kept = {{"next", leaving.next},
                               {"session", begun->row.name},
                               {"hint", open_hint(*parts_.sessions.keys(), begun->row)}},
                      .begun_at = now,
                      .expires_at = now + kOffered},
          .state = new_state()};
  auto departure = co_await departure_of(way, leaving.return_to);
  if (!departure) co_return std::nullopt;
  co_await parts_.ground.db.write_unsynced(
      [&](db::Tx& tx) { providers::insert_attempt(tx, way.state, way.attempt); });
  StillThere still{.provider = options.name,
                   .state = way.state,
                   .ends_apps = options.logout != providers::LogoutEnds::nothing};
  if (course == SignOutCourse::there) still.departure = std::move(*departure);
  co_return still;
}

Task<std::optional<Federation::Way>> Federation::find_way_out(const std::string& state,
                                                              const std::string& browser) {
  auto way = co_await find_way(state, browser);
  if (!way || way->attempt.purpose != Purpose::sign_out) co_return std::nullopt;
  co_return std::move(*way);
}

Task<std::optional<StillThere>> Federation::still_there(std::string state, std::string browser) {
  const auto way = co_await find_way_out(state, browser);
  if (!way) co_return std::nullopt;
  const providers::ProviderOptions& options = way->provider->options;
  co_return StillThere{.provider = options.name,
                       .state = way->state,
                       .ends_apps = options.logout != providers::LogoutEnds::nothing};
}

Task<std::optional<StillThere>> Federation::go_there(std::string state, std::string browser,
                                                     std::string return_to) {
  const auto way = co_await find_way_out(state, browser);
  if (!way) co_return std::nullopt;
  auto departure = co_await departure_of(*way, std::move(return_to));
  if (!departure) co_return std::nullopt;
  co_return StillThere{.provider = way->provider->options.name,
                       .state = way->state,
                       .departure = std::move(departure)};
}

Task<std::optional<SignedOutThere>> Federation::come_back(std::string state, std::string browser) {
  const auto way = co_await find_way_out(state, browser);
  if (!way) co_return std::nullopt;
  co_await parts_.ground.db.write(
      [&](db::Tx& tx) { providers::delete_attempt(tx, way->attempt.hash); });
  co_return SignedOutThere{.provider = way->provider->options.name, .next = way->next()};
}

}  // namespace latchkey::federation
