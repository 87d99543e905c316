// Who comes with a provider for the first time: they choose a name, or prove the account that has
// it.

#include <utility>

#include "domain/federation/federation.h"
#include "platform/text/json.h"

namespace latchkey::federation {

Question Federation::question_of(const Asked& asked) {
  return {.course = asked.course(),
          .state = asked.way.state,
          .provider = asked.way.provider->options.name,
          .localpart = asked.account.empty() ? asked.who.localpart : asked.account,
          .display_name = asked.who.display_name,
          .email = asked.who.email};
}

Task<std::expected<Federation::Asked, Refused>> Federation::find_asked(const std::string& state,
                                                                       const std::string& browser) {
  auto way = co_await find_way(state, browser);
  if (!way) co_return std::unexpected(way.error());
  const auto* kept = way->attempt.kept.if_contains("who");
  auto who = kept != nullptr && kept->is_object() ? newcomer_in(kept->get_object()) : std::nullopt;
  if (!who) co_return std::unexpected(refusal(*way, Why::way_over));
  std::string account(text::text_of(way->attempt.kept, "account"));
  co_return Asked{std::move(*way), std::move(*who), std::move(account)};
}

Task<std::expected<Question, Refused>> Federation::question(std::string state,
                                                            std::string browser) {
  const auto asked = co_await find_asked(state, browser);
  if (!asked) co_return std::unexpected(asked.error());
  co_return question_of(*asked);
}

Task<std::expected<SignedIn, Federation::ChoiceRefused>> Federation::choose(Choice choice) {
  auto asked = co_await find_asked(choice.state, choice.browser);
  if (!asked) co_return std::unexpected(asked.error());
  const Way& way = asked->way;
  if (asked->course() != Course::choose_name) {
    co_return std::unexpected(refusal(way, Why::way_over));
  }
  const Entering entering{way, asked->who, choice.origin, choice.cookie};
  std::expected<SignedIn, Refused> entered(std::unexpect);
  const auto made = co_await parts_.registration.create_known(
      {.localpart = choice.localpart,
       .terms = choice.terms,
       .address = choice.origin.address,
       .worker = choice.worker},
      [&](db::Tx& tx, const accounts::Account& account) {
        // Two forms make one account: the way is used up with it (sign_in), and of two ways the
        // second finds the subject linked.
        entered = std::unexpected(refusal(way, Why::way_over));
        if (!providers::find_attempt(tx, way.state)) return false;
        if (add_link(tx, entering, account)) return true;
        entered = std::unexpected(refusal(way, Why::linked_elsewhere));
        return false;
      },
      [&](db::Tx& tx, const accounts::Account& account) {
        take_over_profile(tx, entering, account.id);
        entered = sign_in(tx, entering, account, Course::choose_name);
      });
  if (!made && made.error().why != registration::RegistrationRefused::Why::not_wanted) {
    co_return std::unexpected(made.error());
  }
  if (!entered) co_return std::unexpected(entered.error());
  co_return std::move(*entered);
}

Task<std::expected<SignedIn, std::variant<Refused, signin::LoginRefused>>> Federation::prove(
    Proving proving) {
  using Result = std::expected<SignedIn, std::variant<Refused, signin::LoginRefused>>;
  auto asked = co_await find_asked(proving.state, proving.browser);
  if (!asked) co_return Result(std::unexpect, asked.error());
  const Way& way = asked->way;
  if (asked->course() != Course::prove_account) {
    co_return Result(std::unexpect, refusal(way, Why::way_over));
  }
  const Entering entering{way, asked->who, proving.origin, proving.cookie};
  std::optional<Refused> refused;
  using Entered = std::expected<SignedIn, signin::LoginRefused>;
  auto entered = co_await parts_.passwords.with_account(
      signin::KnownUser{asked->account}, std::move(proving.password), proving.origin.address,
      [&](db::Tx& tx, const accounts::Account& account) -> Entered {
        refused.reset();  // what an earlier run of this came to
        const auto stop = [&](Why why) {
          refused = refusal(way, why);
          return std::unexpected(signin::LoginRefused{signin::LoginRefused::Why::not_offered});
        };
        if (account.deactivated_at) return stop(Why::deactivated);
        if (account.locked_at) return stop(Why::locked);
        if (!providers::find_attempt(tx, way.state)) return stop(Why::way_over);
        if (!add_link(tx, entering, account)) return stop(Why::linked_elsewhere);
        auto done = sign_in(tx, entering, account, Course::prove_account);
        if (!done) return stop(done.error().why);
        return std::move(*done);
      });
  if (entered) co_return std::move(*entered);
  if (refused) co_return Result(std::unexpect, std::move(*refused));
  co_return Result(std::unexpect, entered.error());
}

}  // namespace latchkey::federation
