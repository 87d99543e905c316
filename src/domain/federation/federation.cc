#include "domain/federation/federation.h"

#include <boost/json/array.hpp>
#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/audit.h"
#include "domain/accounts/matrix_id.h"
#include "domain/federation/kept_hint.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/standing.h"
#include "domain/signin/browser_session_rows.h"
#include "domain/signin/provider_word.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::federation {
namespace {

constexpr std::size_t kSecretLength = 43;  // of base62: 256 bits
// A person signs in over there, perhaps with a second factor, or makes an account first.
constexpr Duration kAway = std::chrono::minutes{30};
constexpr std::size_t kLongestMemo = 1024;       // bytes
constexpr std::size_t kMostHeld = 400UL * 1024;  // bytes of names and values
constexpr std::int64_t kMostBegunThere = 200;    // of an account; more than its browsers

constexpr std::string_view kHeld = "held";

std::string random_secret() { return crypto::random_text(crypto::kBase62, kSecretLength); }

boost::json::array json_of(const Fields& fields) {
  boost::json::array list;
  for (const auto& [name, value] : fields) list.push_back(boost::json::array{name, value});
  return list;
}

// Absent: nothing was held.
std::optional<Fields> take_held(boost::json::object& kept) {
  const auto* list = kept.if_contains(kHeld);
  if (list == nullptr || !list->is_array()) return std::nullopt;
  Fields fields;
  for (const auto& one : list->get_array()) {
    const auto& pair = one.as_array();
    fields.emplace_back(pair.at(0).as_string(), pair.at(1).as_string());
  }
  kept.erase(kHeld);
  return fields;
}

std::optional<providers::Standing> standing_of(const std::optional<accounts::User>& user) {
  if (!user) return std::nullopt;
  const accounts::Account& account = user->account;
  return providers::Standing{.id = account.id,
                             .locked = account.locked_at.has_value(),
                             .deactivated = account.deactivated_at.has_value()};
}

}  // namespace

std::string Federation::Way::next() const {
  return std::string(text::text_of(attempt.kept, "next"));
}

Federation::Federation(Parts parts) : parts_(std::move(parts)) {
  for (const providers::Provider& provider : parts_.providers.all()) {
    if (provider.browser) pools_.try_emplace(&provider, parts_.threads, parts_.queue, 0);
  }
}

Federation::~Federation() { close(); }

void Federation::close() {
  stop_.request_stop();
  pools_.clear();
}

std::string Federation::new_browser() { return random_secret(); }
std::string Federation::new_state() { return random_secret(); }

CallLimits Federation::limits() const {
  return {.deadline = std::chrono::steady_clock::now() + parts_.patience,
          .stop = stop_.get_token()};
}

// --- leaving ---

Task<std::expected<providers::Departure, Refused>> Federation::leave(Leaving leaving) {
  const providers::Provider* provider = parts_.providers.find(leaving.provider);
  if (provider == nullptr || provider->browser == nullptr) {
    co_return std::unexpected(Refused{
        .why = Why::unknown_provider, .next = leaving.next, .provider_id = leaving.provider});
  }
  const Time now = parts_.ground.clock.now();
  if (const auto wait = parts_.limits.provider_sign_in_blocked(leaving.address, now)) {
    co_return std::unexpected(
        Refused{.why = Why::too_many, .retry_after = *wait, .next = leaving.next});
  }
  Way way{.provider = provider,
          .attempt = {.hash = {},
                      .provider = leaving.provider,
                      .purpose = leaving.purpose,
                      .browser = crypto::kept_hash(leaving.browser),
                      .user = leaving.visitor,
                      .kept = {{"next", leaving.next}},
                      .begun_at = now,
                      .expires_at = now + kAway},
          .state = new_state()};
  const providers::Beginning beginning{.state = way.state,
                                       .again = providers::wants_proof_anew(leaving.purpose),
                                       .login_hint = leaving.login_hint};
  auto departure = co_await pool_of(*provider).run([provider, beginning, bounds = limits()] {
    return provider->browser->begin(beginning, bounds);
  });
  if (!departure) {
    co_return std::unexpected(
        Refused{.why = Why::busy, .retry_after = kBusyFor, .next = leaving.next});
  }
  if (!*departure) {
    co_return std::unexpected(refusal(way, departure->error()));
  }
  if ((*departure)->memo.size() > kLongestMemo) throw std::logic_error("a memo that is too long");
  way.attempt.kept["memo"] = (*departure)->memo;
  if (!leaving.confirms.empty()) way.attempt.kept["confirms"] = leaving.confirms;
  // Who loses their way by a loss of power begins again.
  co_await parts_.ground.db.write_unsynced(
      [&](db::Tx& tx) { providers::insert_attempt(tx, way.state, way.attempt); });
  co_return std::move(**departure);
}

// --- arriving ---

Task<std::expected<Federation::Way, Refused>> Federation::find_way(const std::string& state,
                                                                   const std::string& browser) {
  auto attempt = co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return providers::find_attempt(tx, state); });
  const Time now = parts_.ground.clock.now();
  const auto over = [&](std::string_view reason) {
    return std::unexpected(Refused{.why = Why::way_over,
                                   .provider_id = attempt ? attempt->provider : std::string(),
                                   .reason = reason});
  };
  if (!attempt) co_return over("unknown_way");
  if (attempt->browser != crypto::kept_hash(browser)) co_return over("other_browser");
  // A clock set back prolongs nothing.
  if (attempt->expires_at <= now || attempt->begun_at > now + sessions::kClockSkew) {
    co_return over("expired_way");
  }
  const providers::Provider* provider = parts_.providers.find(attempt->provider);
  if (provider == nullptr) {
    co_return std::unexpected(
        Refused{.why = Why::unknown_provider, .provider_id = attempt->provider});
  }
  co_return Way{provider, std::move(*attempt), state};
}

Task<std::expected<Newcomer, Refused>> Federation::ask(const Way& way, Fields fields) {
  const providers::Returned returned{.fields = std::move(fields),
                                     .state = way.state,
                                     .memo = std::string(text::text_of(way.attempt.kept, "memo")),
                                     .again = providers::wants_proof_anew(way.attempt.purpose),
                                     .begun_at = way.attempt.begun_at};
  auto person = co_await pool_of(*way.provider).run([&way, &returned, bounds = limits()] {
    return way.provider->browser->finish(returned, bounds);
  });
  if (!person) co_return std::unexpected(refusal(way, Why::busy));
  if (!*person) {
    co_return std::unexpected(refusal(way, person->error()));
  }
  co_return newcomer_of(*way.provider, **person, parts_.server_name);
}

Task<std::expected<std::string, Refused>> Federation::hold(std::string provider, Fields fields) {
  const providers::Provider* from = parts_.providers.find(provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  std::size_t size = 0;
  for (const auto& [name, value] : fields) size += name.size() + value.size();
  const auto over = [&](std::string_view reason) {
    return std::unexpected(
        Refused{.why = Why::way_over, .provider_id = provider, .reason = reason});
  };
  const auto state = from->browser->state_of(fields);
  if (!state) co_return over("no_state");
  if (size > kMostHeld) co_return over("too_long");
  auto attempt = co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return providers::find_attempt(tx, *state); });
  if (!attempt || attempt->provider != provider || attempt->arrived_at ||
      attempt->expires_at <= parts_.ground.clock.now()) {
    co_return over("unknown_way");
  }
  attempt->kept[kHeld] = json_of(fields);
  co_await parts_.ground.db.write_unsynced(
      [&](db::Tx& tx) { providers::keep_until_arrival(tx, *state, *attempt); });
  co_return *state;
}

Task<std::expected<std::string, Refused>> Federation::own_metadata(std::string provider) {
  const providers::Provider* from = parts_.providers.find(provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  auto document = co_await pool_of(*from).run([from] { return from->browser->own_metadata(); });
  if (!document) co_return std::unexpected(Refused{.why = Why::busy, .retry_after = kBusyFor});
  if (!*document) co_return std::unexpected(Refused{.why = Why::unknown_provider});
  co_return std::move(**document);
}

Task<std::expected<Arrived, Refused>> Federation::arrive(Returning returning) {
  co_await parts_.sessions.require_in_touch();
  const providers::Provider* from = parts_.providers.find(returning.provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  const auto state = from->browser->state_of(returning.fields);
  if (!state) {
    co_return std::unexpected(
        Refused{.why = Why::way_over, .provider_id = returning.provider, .reason = "no_state"});
  }
  auto way = co_await find_way(*state, returning.browser);
  if (!way) co_return std::unexpected(way.error());
  // Of another provider's way nothing is believed (RFC 9700 section 4.4, mix-up).
  if (way->provider != from) co_return std::unexpected(refusal(*way, Why::way_over, "mixed_up"));
  if (way->attempt.arrived_at) {
    co_return std::unexpected(refusal(*way, Why::way_over, "used_way"));
  }
  if (way->attempt.purpose == Purpose::sign_out) {
    co_return std::unexpected(refusal(*way, Why::way_over, "way_out"));
  }
  if (auto held = take_held(way->attempt.kept)) returning.fields = *std::move(held);
  // Nobody arrives twice, whatever comes of it: a code is not tried again. After a loss of power it
  // may be: the provider takes it once, and what it says of somebody is counted for good below.
  way->attempt.arrived_at = parts_.ground.clock.now();
  way->attempt.expires_at = *way->attempt.arrived_at + kAsked;
  const bool first = co_await parts_.ground.db.write_unsynced(
      [&](db::Tx& tx) { return providers::arrive(tx, way->state, way->attempt); });
  if (!first) co_return std::unexpected(refusal(*way, Why::way_over, "used_way"));
  const auto who = co_await ask(*way, std::move(returning.fields));
  if (!who) co_return std::unexpected(who.error());
  co_return co_await parts_.ground.db.write(
      [&](db::Tx& tx) { return settle(tx, *way, *who, returning); });
}

std::optional<accounts::User> Federation::find_namesake(db::Tx& tx, const Newcomer& who) {
  if (!who.localpart.empty()) {
    if (auto found = accounts::find_user(tx, who.localpart)) return found;
  }
  if (who.email.empty()) return std::nullopt;
  return accounts::find_user_by_threepid(tx, {"email", who.email});
}

std::optional<Refused::Why> Federation::end_of(Course course) {
  switch (course) {
    case Course::linked_elsewhere:
      return Why::linked_elsewhere;
    case Course::another_person:
      return Why::another_person;
    case Course::locked:
      return Why::locked;
    case Course::deactivated:
      return Why::deactivated;
    case Course::name_taken:
      return Why::name_taken;
    case Course::no_account:
      return Why::no_account;
    default:
      return std::nullopt;
  }
}

Federation::Meaning Federation::meaning_of(db::Tx& tx, const Way& way, const Newcomer& who) {
  const providers::ProviderOptions& options = way.provider->options;
  const auto link = providers::find_link(tx, options.id, who.subject);
  // Locked, so that what is decided here still holds when it is written.
  auto linked = link ? accounts::lock_user(tx, link->user) : std::nullopt;
  auto namesake =
      linked || way.attempt.purpose != Purpose::sign_in ? std::nullopt : find_namesake(tx, who);
  if (namesake) namesake = accounts::lock_user(tx, namesake->account.id);
  const Course course = providers::course_of({.purpose = way.attempt.purpose,
                                              .visitor = way.attempt.user,
                                              .linked = standing_of(linked),
                                              .namesake = standing_of(namesake),
                                              .registration = options.registration,
                                              .on_conflict = options.on_conflict});
  return {.course = course, .linked = std::move(linked), .namesake = std::move(namesake)};
}

std::expected<Arrived, Refused> Federation::settle(db::Tx& tx, const Way& way, const Newcomer& who,
                                                   const Returning& returning) {
  if (!who.once.empty() &&
      !providers::count_once(tx, crypto::kept_hash(way.attempt.provider + "\nsign-in\n" + who.once),
                             way.attempt.expires_at)) {
    return std::unexpected(refusal(way, Why::not_believed, "said_before"));
  }
  const auto [course, linked, namesake] = meaning_of(tx, way, who);
  if (const auto why = end_of(course)) return std::unexpected(refusal(way, *why));
  const Entering entering{way, who, returning.origin, returning.cookie};
  if (way.attempt.purpose == Purpose::confirm) return settle_confirmation(tx, entering);
  switch (course) {
    case Course::sign_in:
      return sign_in(tx, entering, linked->account, course);
    case Course::link_and_sign_in:
      if (!add_link(tx, entering, namesake->account)) {
        return std::unexpected(refusal(way, Why::linked_elsewhere));
      }
      return sign_in(tx, entering, namesake->account, course);
    case Course::choose_name:
    case Course::prove_account: {
      Asked asked{.way = way,
                  .who = who,
                  .account = namesake ? namesake->account.localpart : std::string()};
      asked.way.attempt.kept["who"] = json_of(who);
      asked.way.attempt.kept["account"] = asked.account;
      providers::keep(tx, way.state, asked.way.attempt);
      return question_of(asked);
    }
    default:
      return settle_visitor(tx, entering, course, returning);
  }
}

std::expected<Arrived, Refused> Federation::settle_visitor(db::Tx& tx, const Entering& entering,
                                                           Course course,
                                                           const Returning& returning) {
  const Way& way = entering.way;
  if (!returning.visitor || returning.visitor->account.id != way.attempt.user) {
    return std::unexpected(refusal(way, Why::signed_out));
  }
  const auto admitted = parts_.admission.admit(
      tx, self::BrowserProof{returning.visitor->account.id, returning.visitor->id},
      self::Need::signed_in);
  if (!admitted) return std::unexpected(refusal(way, Why::signed_out));
  if (course == Course::confirmed) return sign_in(tx, entering, admitted->account, course);
  if (course == Course::link) {
    if (!add_link(tx, entering, admitted->account)) {
      return std::unexpected(refusal(way, Why::linked_elsewhere));
    }
  }
  providers::delete_attempt(tx, way.attempt.hash);
  return Linked{way.next(), course};
}

std::expected<Arrived, Refused> Federation::settle_confirmation(db::Tx& tx,
                                                                const Entering& entering) {
  const Way& way = entering.way;
  Confirmed confirmed{std::string(text::text_of(way.attempt.kept, "confirms"))};
  if (!parts_.auth.pass_sso(tx, confirmed.session, way.attempt.user.value())) {
    return std::unexpected(refusal(way, Why::confirmation_over));
  }
  note_use(tx, entering);
  providers::delete_attempt(tx, way.attempt.hash);
  return confirmed;
}

void Federation::note_use(db::Tx& tx, const Entering& entering) {
  const auto link =
      providers::find_link(tx, entering.way.provider->options.id, entering.who.subject);
  if (link) providers::note_link_use(tx, *link, parts_.ground.clock.now());
}

std::expected<SignedIn, Refused> Federation::sign_in(db::Tx& tx, const Entering& entering,
                                                     const sessions::Account& account,
                                                     Course course) {
  const Way& way = entering.way;
  const Newcomer& who = entering.who;
  const bool by_browser = way.provider->browser != nullptr;
  accounts::Account entered = account;
  signin::take_over(
      tx, parts_.ground, parts_.server_name,
      {.provider = *way.provider,
       .subject = who.subject,
       .display_name = course == Course::sign_in ? std::string_view(who.display_name) : "",
       .email = course == Course::sign_in ? std::string_view(who.email) : "",
       .administrator = who.administrator,
       .address = entering.origin.address},
      entered);
  // A directory's password is given where one of this server's is.
  auto browser = parts_.browsers.sign_in_by(
      tx, entered, entering.origin, entering.cookie,
      by_browser ? signin::AuthMethod::provider : signin::AuthMethod::password);
  if (!browser) {
    const bool locked = browser.error().why == signin::LoginRefused::Why::account_locked;
    return std::unexpected(refusal(way, locked ? Why::locked : Why::deactivated));
  }
  const Limit lifetime = way.provider->options.session_lifetime;
  signin::limit_browser(
      tx, browser->session.id,
      lifetime ? std::optional(parts_.ground.clock.now() + *lifetime) : std::nullopt);
  if (by_browser) remember_session(tx, entering, account.id, browser->session.id);
  providers::delete_attempt(tx, way.attempt.hash);
  return SignedIn{std::move(*browser), way.next(), course};
}

void Federation::remember_session(db::Tx& tx, const Entering& entering, UserId user,
                                  BrowserSessionId browser) {
  providers::put_begun_there(
      tx,
      {.browser = browser,
       .provider = entering.way.provider->options.id,
       .subject = entering.who.subject,
       .name = entering.who.session,
       .user = user,
       .created_at = parts_.ground.clock.now(),
       .hint = sealed_hint(*parts_.sessions.keys(), browser, entering.who.hint)},
      kMostBegunThere);
}

void Federation::take_over_profile(db::Tx& tx, const Entering& entering, UserId user) {
  const Newcomer& who = entering.who;
  const events::Events& events = parts_.ground.events;
  if (!who.display_name.empty() && accounts::find_display_name(tx, user) != who.display_name) {
    accounts::change_display_name(tx, events, user, who.display_name);
  }
  signin::take_over_email(tx, parts_.ground,
                          {.provider = *entering.way.provider,
                           .subject = who.subject,
                           .display_name = who.display_name,
                           .email = who.email,
                           .administrator = who.administrator,
                           .address = entering.origin.address},
                          user);
}

bool Federation::add_link(db::Tx& tx, const Entering& entering, const sessions::Account& account) {
  const std::string& id = entering.way.provider->options.id;
  if (!providers::insert_link(tx,
                              {id, entering.who.subject, account.id, parts_.ground.clock.now()})) {
    return false;
  }
  note(tx, account, entering.origin.address, "user link", id + " " + entering.who.subject);
  return true;
}

void Federation::note(db::Tx& tx, const sessions::Account& account, const std::string& address,
                      std::string_view action, const std::string& link) const {
  const std::string name = accounts::matrix_id(account.localpart, parts_.server_name);
  accounts::audit::note(tx, parts_.ground.ids, parts_.ground.clock.now(), {name, address}, action,
                        name, link);
}

void Federation::purge(const Batches& batches) {
  const Time now = parts_.ground.clock.now();
  const Duration kept = parts_.browsers.options().maximum_age;
  const auto clear = [&](auto remove, Time until) {
    batches.run(parts_.ground.db,
                [&](db::Tx& tx, std::int64_t limit) { return remove(tx, until, limit); });
  };
  clear(providers::delete_expired_attempts, now);
  clear(providers::delete_expired_logouts, now);
  clear(providers::delete_begun_there_before, now - kept);
  end_old();
}

}  // namespace latchkey::federation
