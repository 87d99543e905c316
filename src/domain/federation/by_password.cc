// Who gives a directory's password on a page or in a client, and has no account here yet.

#include <utility>

#include "domain/federation/federation.h"
#include "domain/signin/provider_word.h"
#include "platform/crypto/kept_hash.h"

namespace latchkey::federation {
namespace {

using RegistrationWhy = registration::RegistrationRefused::Why;

}  // namespace

Federation::Way Federation::way_by_password(const Coming& coming) const {
  const Time now = parts_.ground.clock.now();
  const providers::Provider& provider = *coming.who->provider;
  std::string state = new_browser();
  return {.provider = &provider,
          .attempt = {.hash = providers::attempt_hash(state),
                      .provider = provider.options.id,
                      .purpose = Purpose::sign_in,
                      .browser = crypto::kept_hash(coming.browser),
                      .kept = {{"next", coming.next}},
                      .begun_at = now,
                      .arrived_at = now,
                      .expires_at = now + kAsked},
          .state = std::move(state)};
}

bool Federation::nothing_to_ask(const Newcomer& who) const {
  return !who.localpart.empty() && parts_.registration.terms().empty();
}

Task<std::expected<Arrived, Refused>> Federation::arrive_by_password(Coming coming) {
  co_await parts_.sessions.require_in_touch();
  const Way way = way_by_password(coming);
  const Newcomer who = newcomer_of(*way.provider, coming.who->person, parts_.server_name);
  // Each is a row, until the question is answered.
  if (const auto wait =
          parts_.limits.provider_sign_in_blocked(coming.origin.address, way.attempt.begun_at)) {
    co_return std::unexpected(
        Refused{.why = Why::too_many, .retry_after = *wait, .next = coming.next});
  }
  const Returning returning{.provider = way.attempt.provider,
                            .fields = {},
                            .browser = coming.browser,
                            .cookie = coming.cookie,
                            .origin = coming.origin};
  auto arrived = co_await parts_.ground.db.write([&](db::Tx& tx) {
    providers::insert_attempt(tx, way.state, way.attempt);
    auto settled = settle(tx, way, who, returning);
    if (!settled) providers::delete_attempt(tx, way.attempt.hash);
    return settled;
  });
  const auto* question = arrived ? std::get_if<Question>(&*arrived) : nullptr;
  if (question == nullptr || question->course != Course::choose_name || !nothing_to_ask(who)) {
    co_return arrived;
  }
  auto made = co_await choose({.state = way.state,
                               .browser = coming.browser,
                               .localpart = who.localpart,
                               .terms = true,
                               .cookie = coming.cookie,
                               .origin = coming.origin,
                               .worker = coming.worker});
  if (made) co_return std::move(*made);
  if (auto* refused = std::get_if<Refused>(&made.error())) {
    co_return std::unexpected(std::move(*refused));
  }
  // The name cannot be had after all: they are asked for another.
  co_return arrived;
}

Task<std::expected<signin::CheckedUser, Refused>> Federation::welcome(Coming coming) {
  using Result = std::expected<signin::CheckedUser, Refused>;
  co_await parts_.sessions.require_in_touch();
  const Way way = way_by_password(coming);
  const Newcomer who = newcomer_of(*way.provider, coming.who->person, parts_.server_name);
  const Entering entering{way, who, coming.origin, coming.cookie};
  const auto is = [&](const accounts::Account& account) {
    return signin::CheckedUser{.account = account, .directory = coming.who};
  };
  Course course{};
  auto known = co_await parts_.ground.db.write([&](db::Tx& tx) -> Result {
    const Meaning meaning = meaning_of(tx, way, who);
    course = meaning.course;
    if (const auto why = end_of(course)) return std::unexpected(refusal(way, *why));
    if (course == Course::sign_in) return is(meaning.linked->account);
    if (course != Course::link_and_sign_in) return std::unexpected(refusal(way, Why::question));
    if (!add_link(tx, entering, meaning.namesake->account)) {
      return std::unexpected(refusal(way, Why::linked_elsewhere));
    }
    return is(meaning.namesake->account);
  });
  if (course != Course::choose_name || !nothing_to_ask(who)) co_return known;
  auto made = co_await make_account(coming, way, who);
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_return is(*made);
}

Task<std::expected<accounts::Account, Refused>> Federation::make_account(const Coming& coming,
                                                                         const Way& way,
                                                                         const Newcomer& who) {
  const Entering entering{way, who, coming.origin, coming.cookie};
  const auto made = co_await parts_.registration.create_known(
      {.localpart = who.localpart,
       .terms = true,
       .address = coming.origin.address,
       .worker = coming.worker},
      [&](db::Tx& tx, const accounts::Account& account) { return add_link(tx, entering, account); },
      [&](db::Tx& tx, const accounts::Account& account) {
        take_over_profile(tx, entering, account.id);
      });
  if (made) co_return *made;
  switch (made.error().why) {
    case RegistrationWhy::too_many:
      co_return std::unexpected(
          Refused{.why = Why::too_many, .retry_after = made.error().retry_after});
    case RegistrationWhy::busy:
      co_return std::unexpected(Refused{.why = Why::busy, .retry_after = kBusyFor});
    case RegistrationWhy::not_wanted:  // another request of theirs was faster
      co_return std::unexpected(refusal(way, Why::linked_elsewhere));
    default:
      break;
  }
  co_return std::unexpected(refusal(way, Why::question));
}

}  // namespace latchkey::federation
