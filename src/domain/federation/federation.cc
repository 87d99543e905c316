#include "domain/federation/federation.h"

#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/audit.h"
#include "domain/accounts/matrix_id.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/standing.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::federation {
namespace {

using providers::Failure;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kSecretLength = 43;  // of base62: 256 bits
// A person signs in over there, perhaps with a second factor, or makes an account first.
constexpr Duration kAway = std::chrono::minutes{30};
// And then reads a question here.
constexpr Duration kAsked = std::chrono::minutes{30};
constexpr std::size_t kLongestMemo = 1024;     // bytes
constexpr std::int64_t kMostBegunThere = 200;  // of an account; more than its browsers
constexpr Duration kRetryLater = std::chrono::seconds{5};

std::string random_secret() { return crypto::random_text(crypto::kBase62, kSecretLength); }

Refused::Why why_of(Failure::Why why) {
  switch (why) {
    case Failure::Why::unavailable:
      return Refused::Why::unavailable;
    case Failure::Why::denied:
    case Failure::Why::wrong_credentials:
      return Refused::Why::denied;
    case Failure::Why::not_fresh:
      return Refused::Why::not_fresh;
    case Failure::Why::misconfigured:
      return Refused::Why::misconfigured;
    case Failure::Why::not_believed:
      break;
  }
  return Refused::Why::not_believed;
}

// Why a course leads nowhere; absent: it leads on.
std::optional<Refused::Why> end_of(Course course) {
  switch (course) {
    case Course::linked_elsewhere:
      return Refused::Why::linked_elsewhere;
    case Course::another_person:
      return Refused::Why::another_person;
    case Course::locked:
      return Refused::Why::locked;
    case Course::deactivated:
      return Refused::Why::deactivated;
    case Course::name_taken:
      return Refused::Why::name_taken;
    case Course::no_account:
      return Refused::Why::no_account;
    default:
      return std::nullopt;
  }
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
  if (parts_.providers.sends_browsers()) pool_.emplace(parts_.threads, parts_.queue, 0);
}

Federation::~Federation() { stop_.request_stop(); }

std::string Federation::new_browser() { return random_secret(); }

Refused Federation::refusal(const Way& way, Why why) {
  return {.why = why,
          .provider = way.provider != nullptr ? way.provider->options.name : "",
          .next = way.next()};
}

// --- leaving ---

Task<std::expected<Left, Refused>> Federation::leave(Leaving leaving) {
  const providers::Provider* provider = parts_.providers.find(leaving.provider);
  if (provider == nullptr || provider->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider, .next = leaving.next});
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
          .state = random_secret()};
  const providers::Beginning beginning{
      .state = way.state,
      .again = leaving.purpose == Purpose::reauthenticate || leaving.purpose == Purpose::confirm,
      .login_hint = leaving.login_hint};
  auto departure = co_await pool_->run([this, provider, beginning] {
    return provider->browser->begin(
        beginning, {.deadline = Steady::now() + parts_.patience, .stop = stop_.get_token()});
  });
  if (!departure) {
    co_return std::unexpected(
        Refused{.why = Why::busy, .retry_after = kRetryLater, .next = leaving.next});
  }
  if (!*departure) {
    const Failure& failure = departure->error();
    parts_.ground.log.warning("an identity provider cannot be used",
                              {{"provider", leaving.provider},
                               {"reason", std::string(failure.reason)},
                               {"detail", failure.sentence}});
    co_return std::unexpected(refusal(way, why_of(failure.why)));
  }
  if ((*departure)->memo.size() > kLongestMemo) throw std::logic_error("a memo that is too long");
  way.attempt.kept["memo"] = (*departure)->memo;
  co_await parts_.ground.db.write(
      [&](db::Tx& tx) { providers::insert_attempt(tx, way.state, way.attempt); });
  co_return Left{std::move(**departure)};
}

// --- arriving ---

Task<std::expected<Federation::Way, Refused>> Federation::find_way(const std::string& state,
                                                                   const std::string& browser) {
  auto attempt = co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return providers::find_attempt(tx, state); });
  const Time now = parts_.ground.clock.now();
  // A clock set back prolongs nothing.
  if (!attempt || attempt->expires_at <= now || attempt->begun_at > now + sessions::kClockSkew ||
      attempt->browser != crypto::kept_hash(browser)) {
    co_return std::unexpected(Refused{.why = Why::way_over});
  }
  const providers::Provider* provider = parts_.providers.find(attempt->provider);
  if (provider == nullptr || provider->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  co_return Way{provider, std::move(*attempt), state};
}

Task<std::expected<Newcomer, Refused>> Federation::ask(const Way& way, Fields fields) {
  const providers::Returned returned{.fields = std::move(fields),
                                     .state = way.state,
                                     .memo = std::string(text::text_of(way.attempt.kept, "memo")),
                                     .again = way.attempt.purpose == Purpose::reauthenticate ||
                                              way.attempt.purpose == Purpose::confirm,
                                     .begun_at = way.attempt.begun_at};
  auto person = co_await pool_->run([this, &way, &returned] {
    return way.provider->browser->finish(
        returned, {.deadline = Steady::now() + parts_.patience, .stop = stop_.get_token()});
  });
  if (!person) co_return std::unexpected(refusal(way, Why::busy));
  if (!*person) {
    const Failure& failure = person->error();
    parts_.ground.log.warning("nobody was signed in by an identity provider",
                              {{"provider", way.attempt.provider},
                               {"reason", std::string(failure.reason)},
                               {"detail", failure.sentence}});
    co_return std::unexpected(refusal(way, why_of(failure.why)));
  }
  co_return newcomer_of(*way.provider, **person, parts_.server_name);
}

Task<std::expected<Arrived, Refused>> Federation::arrive(Returning returning) {
  co_await parts_.sessions.require_in_touch();
  const providers::Provider* from = parts_.providers.find(returning.provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  const auto state = from->browser->state_of(returning.fields);
  if (!state) co_return std::unexpected(Refused{.why = Why::way_over});
  auto way = co_await find_way(*state, returning.browser);
  if (!way) co_return std::unexpected(way.error());
  // Of another provider's way nothing is believed (RFC 9700 section 4.4, mix-up).
  if (way->provider != from || way->attempt.arrived_at) {
    co_return std::unexpected(refusal(*way, Why::way_over));
  }
  // Nobody arrives twice, whatever comes of it: a code is not tried again.
  way->attempt.arrived_at = parts_.ground.clock.now();
  way->attempt.expires_at = *way->attempt.arrived_at + kAsked;
  const bool first = co_await parts_.ground.db.write(
      [&](db::Tx& tx) { return providers::arrive(tx, way->state, way->attempt); });
  if (!first) co_return std::unexpected(refusal(*way, Why::way_over));
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

std::expected<Arrived, Refused> Federation::settle(db::Tx& tx, const Way& way, const Newcomer& who,
                                                   const Returning& returning) {
  const providers::ProviderOptions& options = way.provider->options;
  const auto link = providers::find_link(tx, options.id, who.subject);
  // Locked, so that what is decided here still holds when it is written.
  const auto linked = link ? accounts::lock_user(tx, link->user) : std::nullopt;
  auto namesake =
      linked || way.attempt.purpose != Purpose::sign_in ? std::nullopt : find_namesake(tx, who);
  if (namesake) namesake = accounts::lock_user(tx, namesake->account.id);
  const Course course = providers::course_of({.purpose = way.attempt.purpose,
                                              .visitor = way.attempt.user,
                                              .linked = standing_of(linked),
                                              .namesake = standing_of(namesake),
                                              .registration = options.registration,
                                              .on_conflict = options.on_conflict});
  if (const auto why = end_of(course)) return std::unexpected(refusal(way, *why));
  const Entering entering{way, who, returning.origin, returning.cookie};
  switch (course) {
    case Course::sign_in:
      return sign_in(tx, entering, linked->account, course);
    case Course::link_and_sign_in:
      if (!add_link(tx, way, who, namesake->account.id)) {
        return std::unexpected(refusal(way, Why::linked_elsewhere));
      }
      return sign_in(tx, entering, namesake->account, course);
    case Course::choose_name:
    case Course::prove_account: {
      providers::Attempt asked = way.attempt;
      asked.kept["who"] = json_of(who);
      asked.kept["course"] = static_cast<int>(course);
      if (namesake) asked.kept["account"] = namesake->account.localpart;
      providers::keep(tx, way.state, asked);
      return question_of(way, course, who, namesake ? namesake->account.localpart : who.localpart);
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
  const UserId user = admitted->account.id;
  if (course == Course::confirmed) return sign_in(tx, entering, admitted->account, course);
  if (course == Course::link) {
    if (!add_link(tx, way, entering.who, user)) {
      return std::unexpected(refusal(way, Why::linked_elsewhere));
    }
  }
  providers::delete_attempt(tx, way.attempt.hash);
  return Linked{way.next(), course};
}

std::expected<SignedIn, Refused> Federation::sign_in(db::Tx& tx, const Entering& entering,
                                                     const sessions::Account& account,
                                                     Course course) {
  const Way& way = entering.way;
  auto browser = parts_.browsers.sign_in_by(tx, account, entering.origin, entering.cookie,
                                            signin::AuthMethod::provider);
  if (!browser) {
    const bool locked = browser.error().why == signin::LoginRefused::Why::account_locked;
    return std::unexpected(refusal(way, locked ? Why::locked : Why::deactivated));
  }
  const Time now = parts_.ground.clock.now();
  if (const auto link = providers::find_link(tx, way.provider->options.id, entering.who.subject)) {
    providers::note_link_use(tx, *link, now);
  }
  remember_session(tx, entering, account.id, browser->session.id);
  if (course == Course::sign_in && way.provider->options.update_profile) {
    take_over_profile(tx, entering, account.id, false);
  }
  providers::delete_attempt(tx, way.attempt.hash);
  return SignedIn{std::move(*browser), way.next(), course};
}

void Federation::remember_session(db::Tx& tx, const Entering& entering, UserId user,
                                  BrowserSessionId browser) {
  const providers::ProviderSession& session = entering.who.session;
  providers::put_begun_there(tx,
                             {.browser = browser,
                              .provider = entering.way.provider->options.id,
                              .subject = entering.who.subject,
                              .name = session.name,
                              .user = user,
                              .hint = {},
                              .created_at = parts_.ground.clock.now()},
                             kMostBegunThere);
}

void Federation::take_over_profile(db::Tx& tx, const Entering& entering, UserId user,
                                   bool new_here) {
  const Newcomer& who = entering.who;
  const events::Events& events = parts_.ground.events;
  if (!who.display_name.empty() && accounts::find_display_name(tx, user) != who.display_name) {
    accounts::change_display_name(tx, events, user, who.display_name);
  }
  if (new_here && !who.email.empty()) {
    accounts::add_threepid(tx, events, user, {"email", who.email}, parts_.ground.clock.now());
  }
}

bool Federation::add_link(db::Tx& tx, const Way& way, const Newcomer& who, UserId user) {
  const Time now = parts_.ground.clock.now();
  const std::string& id = way.provider->options.id;
  if (!providers::insert_link(tx, {id, who.subject, user, now})) return false;
  const auto account = accounts::find_user_by_id(tx, user);
  const std::string name =
      account ? accounts::matrix_id(account->account.localpart, parts_.server_name) : "";
  accounts::audit::note(tx, parts_.ground.ids, now, {name, "account pages"}, "user link", name,
                        id + " " + who.subject);
  return true;
}

// --- questions ---

Question Federation::question_of(const Way& way, Course course, const Newcomer& who,
                                 const std::string& localpart) {
  return {.course = course,
          .state = way.state,
          .provider = way.provider->options.name,
          .localpart = localpart,
          .display_name = who.display_name,
          .email = who.email,
          .next = way.next()};
}

Task<std::expected<Federation::Asked, Refused>> Federation::find_asked(const std::string& state,
                                                                       const std::string& browser) {
  auto way = co_await find_way(state, browser);
  if (!way) co_return std::unexpected(way.error());
  const auto* kept = way->attempt.kept.if_contains("who");
  const auto* course = way->attempt.kept.if_contains("course");
  auto who = kept != nullptr && kept->is_object() ? newcomer_in(kept->get_object()) : std::nullopt;
  if (!who || course == nullptr || !course->is_int64()) {
    co_return std::unexpected(refusal(*way, Why::way_over));
  }
  co_return Asked{std::move(*way), std::move(*who), static_cast<Course>(course->get_int64())};
}

Task<std::expected<Question, Refused>> Federation::question(std::string state,
                                                            std::string browser) {
  const auto asked = co_await find_asked(state, browser);
  if (!asked) co_return std::unexpected(asked.error());
  const std::string account(text::text_of(asked->way.attempt.kept, "account"));
  co_return question_of(asked->way, asked->course, asked->who,
                        asked->course == Course::prove_account ? account : asked->who.localpart);
}

Task<std::expected<SignedIn, Federation::ChoiceRefused>> Federation::choose(Choice choice) {
  auto asked = co_await find_asked(choice.state, choice.browser);
  if (!asked) co_return std::unexpected(asked.error());
  const Way& way = asked->way;
  if (asked->course != Course::choose_name) {
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
        // The way is used up here, so that two forms make one account.
        entered = std::unexpected(refusal(way, Why::way_over));
        if (!providers::find_attempt(tx, way.state)) return false;
        if (add_link(tx, way, asked->who, account.id)) return true;
        entered = std::unexpected(refusal(way, Why::linked_elsewhere));
        return false;
      },
      [&](db::Tx& tx, const accounts::Account& account) {
        take_over_profile(tx, entering, account.id, true);
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
  if (asked->course != Course::prove_account) {
    co_return Result(std::unexpect, refusal(way, Why::way_over));
  }
  const Entering entering{way, asked->who, proving.origin, proving.cookie};
  std::optional<Refused> refused;
  using Entered = std::expected<SignedIn, signin::LoginRefused>;
  auto entered = co_await parts_.passwords.with_account(
      signin::KnownUser{std::string(text::text_of(way.attempt.kept, "account"))},
      std::move(proving.password), proving.origin.address,
      [&](db::Tx& tx, const accounts::Account& account) -> Entered {
        const auto stop = [&](Why why) {
          refused = refusal(way, why);
          return std::unexpected(signin::LoginRefused{signin::LoginRefused::Why::not_offered});
        };
        if (account.deactivated_at) return stop(Why::deactivated);
        if (account.locked_at) return stop(Why::locked);
        if (!providers::find_attempt(tx, way.state)) return stop(Why::way_over);
        if (!add_link(tx, way, asked->who, account.id)) return stop(Why::linked_elsewhere);
        auto done = sign_in(tx, entering, account, Course::prove_account);
        if (!done) return stop(done.error().why);
        return std::move(*done);
      });
  if (entered) co_return std::move(*entered);
  if (refused) co_return Result(std::unexpect, std::move(*refused));
  co_return Result(std::unexpect, entered.error());
}

// --- signed out there ---

Task<std::expected<std::size_t, Refused>> Federation::hear_logout(std::string provider,
                                                                  Fields fields) {
  const providers::Provider* from = parts_.providers.find(provider);
  if (from == nullptr || from->browser == nullptr) {
    co_return std::unexpected(Refused{.why = Why::unknown_provider});
  }
  const auto notice = co_await pool_->run([this, from, &fields] {
    return from->browser->read_logout(
        fields, {.deadline = Steady::now() + parts_.patience, .stop = stop_.get_token()});
  });
  if (!notice) co_return std::unexpected(Refused{.why = Why::busy, .retry_after = kRetryLater});
  if (!*notice) {
    const Failure& failure = notice->error();
    parts_.ground.log.warning("an identity provider's word of a sign-out is not believed",
                              {{"provider", provider},
                               {"reason", std::string(failure.reason)},
                               {"detail", failure.sentence}});
    co_return std::unexpected(Refused{.why = why_of(failure.why)});
  }
  const providers::LogoutNotice& said = **notice;
  const std::string hash = crypto::kept_hash(provider + "\n" + said.id);
  const std::size_t ended = co_await parts_.ground.db.write([&](db::Tx& tx) -> std::size_t {
    if (!providers::count_logout(tx, hash, said.expires_at)) return 0;
    const auto begun = providers::list_begun_there(tx, provider, said.subject, said.session);
    for (const providers::BegunThere& one : begun) end_begun(tx, *from, one);
    return begun.size();
  });
  parts_.ground.log.info("signed out at an identity provider",
                         {{"provider", provider}, {"sessions", std::to_string(ended)}});
  co_return ended;
}

void Federation::end_begun(db::Tx& tx, const providers::Provider& from,
                           const providers::BegunThere& begun) {
  const providers::LogoutEnds ends = from.options.logout;
  if (ends == providers::LogoutEnds::nothing) return;
  if (!sessions::lock_account(tx, begun.user)) return;
  const bool softly = ends == providers::LogoutEnds::softly;
  for (const SessionId id : providers::live_sessions_let_in_by(tx, begun.browser)) {
    const auto session = sessions::find_session(tx, id);
    if (!session) continue;
    parts_.sessions.end(
        tx, *session, softly ? Ended::softly : Ended::for_good,
        softly ? EndReason::provider_signed_out_softly : EndReason::provider_signed_out);
  }
  signin::delete_browser_of(tx, parts_.ground.events, begun.user, begun.browser);
  providers::delete_begun_there(tx, begun.browser);
}

// --- links ---

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
                    .used_at = link.used_at});
  }
  co_return ways;
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
  const auto methods =
      signin::account_methods(*found, links, parts_.providers) & parts_.passwords.methods();
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
    self::BrowserProof who, std::string provider, std::string subject) {
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
    const auto left =
        signin::account_methods(*user, links, parts_.providers) & parts_.passwords.methods();
    if (left.empty()) return Result(std::unexpect, Refused{.why = Why::last_way_in});
    providers::delete_link(tx, who.user, provider, subject);
    const std::string name = accounts::matrix_id(admitted->account.localpart, parts_.server_name);
    accounts::audit::note(tx, parts_.ground.ids, parts_.ground.clock.now(), {name, "account pages"},
                          "user unlink", name, provider + " " + subject);
    return {};
  });
}

void Federation::purge() {
  const Time now = parts_.ground.clock.now();
  const Duration kept = parts_.browsers.options().maximum_age;
  parts_.ground.db.write_now([&](db::Tx& tx) {
    providers::delete_expired_attempts(tx, now);
    providers::delete_expired_logouts(tx, now);
    providers::delete_begun_there_before(tx, now - kept);
  });
}

}  // namespace latchkey::federation
