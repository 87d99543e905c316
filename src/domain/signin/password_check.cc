#include "domain/signin/password_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "domain/accounts/find_user.h"
#include "domain/accounts/folded_name.h"
#include "domain/limits/address_group.h"
#include "domain/providers/link_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "domain/signin/provider_word.h"

namespace latchkey::signin {
namespace {

using accounts::Passwords;
using Why = LoginRefused::Why;

// More than a person has devices.
constexpr std::int64_t kAddressesLookedAt = 200;

void count_failure(const Ground& ground, std::string_view reason) {
  ground.metrics
      .counter("latchkey_sign_ins_failed_total", "Sign-ins and confirmations that failed.",
               {{"reason", std::string(reason)}})
      .add(0);
}

// For operators, and programs that block addresses (docs/operating/accounts.md). The address comes
// before what a stranger has typed: nothing of that can be taken for it. Each line has cost a hash,
// so they are few; who is over a limit has the line of the answer, of which there are few as well.
void note_failure(const Ground& ground, std::string_view address, std::string_view name,
                  std::string_view reason) {
  ground.log.info("sign-in failed", {{"address", address}, {"user", name}, {"reason", reason}});
  count_failure(ground, reason);
}

// A name that no account here can have may be somebody's in a directory.
std::string limited_name(const Meant& meant, const std::optional<std::string>& in_directories) {
  if (!meant.name.empty() || !in_directories) return meant.name;
  return accounts::folded_name(*in_directories);
}

}  // namespace

// Whether the address is familiar costs a look into the database, so it is asked only when it
// matters: past a limit, or when many wait. Then the account's own people go before strangers, who
// would otherwise close the door to everybody with some guesses at once.
Task<std::expected<PasswordCheck::Begun, limits::SignInBlocked>> PasswordCheck::begin(
    limits::Attempt attempt) {
  auto allowed = limits_.sign_in(attempt, ground_.clock.now());
  const bool only_familiar = !allowed && allowed.error().unless_familiar;
  if (only_familiar || (allowed && passwords_.crowded())) {
    attempt.familiar = co_await is_familiar(attempt);
  }
  if (only_familiar && attempt.familiar) {
    auto again = limits_.sign_in(attempt, ground_.clock.now());
    if (!again) co_return std::unexpected(again.error());
    co_return Begun{std::move(*again), threads::Turn::first};
  }
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return Begun{std::move(*allowed),
                  attempt.familiar ? threads::Turn::first : threads::Turn::usual};
}

// The same statements whether there is such a user or not: the time they take tells little.
Task<bool> PasswordCheck::is_familiar(const limits::Attempt& attempt) {
  const auto addresses = co_await ground_.db.read([&](db::Tx& tx) {
    auto all = sessions::addresses_of_user(tx, attempt.account, kAddressesLookedAt);
    std::ranges::move(addresses_of_browsers(tx, attempt.account, kAddressesLookedAt),
                      std::back_inserter(all));
    return all;
  });
  const std::string here = limits::limit_key(attempt.address);
  co_return std::ranges::any_of(addresses, [&here](const std::string& address) {
    return limits::limit_key(address) == here;
  });
}

// With an address only where the configuration lets people use those.
Task<PasswordCheck::Named> PasswordCheck::find_named(const Identifier& who, const Meant& meant,
                                                     bool as_user) {
  Named named{.who = who, .user = {}, .links = {}};
  const bool by_directory = !directories_.none();
  if (!as_user) co_return named;
  // One name and nothing to be read beside its user, as nearly always: a single statement.
  const auto* names = std::get_if<Names>(&meant.key);
  if (!by_directory && names != nullptr && names->exact == names->meant) {
    named.user = co_await accounts::find_user(ground_.db, names->exact);
    co_return named;
  }
  named.user = co_await ground_.db.read([&](db::Tx& tx) {
    auto user = find_user(tx, meant);
    if (user && by_directory) named.links = providers::links_of(tx, user->account.id);
    return user;
  });
  co_return named;
}

std::vector<Directories::Question> PasswordCheck::questions(const Named& named) const {
  std::vector<Directories::Question> list;
  if (directories_.none()) return list;
  const auto typed = directory_name(named.who, server_name_);
  // They are who they are: nobody else of such a name is meant.
  const bool known = std::holds_alternative<KnownUser>(named.who);
  for (const providers::Provider* directory : directories_.all()) {
    bool linked = false;
    for (const providers::Link& link : named.links) {
      if (link.provider != directory->options.id) continue;
      list.push_back({.provider = directory, .user = typed.value_or(""), .subject = link.subject});
      linked = true;
    }
    if (!linked && !known && typed && !typed->empty()) {
      list.push_back({.provider = directory, .user = *typed});
    }
  }
  return list;
}

Task<PasswordCheck::Said> PasswordCheck::ask_directories(const Named& named,
                                                         std::optional<bool> own,
                                                         const std::string& password) {
  const auto list = questions(named);
  std::vector<Heard> heard;
  std::shared_ptr<const DirectoryPerson> person;
  for (const Directories::Question& question : list) {
    // RFC 4513 section 5.1.2: an empty one would make it say yes.
    if (own == true || password.empty()) break;
    auto answer = co_await directories_.ask(question, Secret(password));
    heard.push_back({.word = answer.word, .linked = !question.subject.empty()});
    person = std::move(answer.person);
    if (person) break;
  }
  Said said{.verdict = whose_password(own, heard)};
  const Whose whose = said.verdict.whose;
  if (whose != Whose::own && whose != Whose::nobodys) {
    said.provider = list[said.verdict.directory].provider->options.name;
  }
  if (whose == Whose::directory) said.person = std::move(person);
  co_return said;
}

Task<std::expected<CheckedUser, LoginRefused>> PasswordCheck::account_of(
    const Named& named, std::shared_ptr<const DirectoryPerson> person) {
  const std::string& provider = person->provider->options.id;
  const std::string& subject = person->person.subject;
  auto owner = co_await ground_.db.read([&](db::Tx& tx) -> std::optional<accounts::User> {
    const auto link = providers::find_link(tx, provider, subject);
    return link ? accounts::find_user_by_id(tx, link->user) : std::nullopt;
  });
  const bool known = std::holds_alternative<KnownUser>(named.who);
  if (known && (!owner || !named.user || owner->account.id != named.user->account.id)) {
    co_return std::unexpected(LoginRefused{Why::wrong_credentials});
  }
  if (owner) {
    co_return CheckedUser{.account = std::move(owner->account), .directory = std::move(person)};
  }
  std::string name = person->provider->options.name;
  co_return std::unexpected(LoginRefused{
      .why = Why::first_time, .provider = std::move(name), .newcomer = std::move(person)});
}

Task<std::expected<CheckedUser, LoginRefused>> PasswordCheck::find_out(const Identifier& who,
                                                                       std::string password,
                                                                       const std::string& address) {
  // Before anything is looked up, so that it tells nothing of who has which address.
  const bool by_address =
      std::holds_alternative<ThirdParty>(who) || std::holds_alternative<Phone>(who);
  const bool as_user = !by_address || passwords_.by_address();
  if (!as_user && directories_.none()) {
    co_return std::unexpected(LoginRefused{Why::no_addresses});
  }
  const Meant meant = meaning_of(who, server_name_);
  // Also for a name that cannot exist: an answer without the lookup would be a little faster.
  const Named named = co_await find_named(who, meant, as_user);
  const auto& user = named.user;
  // An account has one limit, whatever it is called by.
  const std::string name =
      user ? user->account.localpart
           : limited_name(meant,
                          directories_.none() ? std::nullopt : directory_name(who, server_name_));
  auto begun = co_await begin({.address = address, .account = name});
  if (!begun) {
    count_failure(ground_, "limit");
    co_return std::unexpected(LoginRefused{Why::too_many_failures, begun.error().wait});
  }
  auto& [attempt, turn] = *begun;
  const auto hash = user ? user->password_hash : std::nullopt;
  std::optional<bool> own;
  bool outdated = false;
  if (passwords_.enabled()) {
    const auto match = co_await passwords_.verify(hash, password, turn);
    if (!match) co_return std::unexpected(LoginRefused{Why::busy, accounts::kBusyFor});
    if (hash) own = *match != Passwords::Match::no;
    outdated = *match == Passwords::Match::yes_but_rehash;
  }
  auto said = co_await ask_directories(named, own, password);
  const auto fail = [&](std::string_view reason) {
    attempt.failed();
    note_failure(ground_, address, name, reason);
  };
  switch (said.verdict.whose) {
    case Whose::own:
      attempt.succeeded();
      co_return CheckedUser{.account = user->account, .hash = *hash, .outdated = outdated};
    case Whose::directory: {
      auto checked = co_await account_of(named, std::move(said.person));
      if (checked || checked.error().why == Why::first_time) {
        attempt.succeeded();
      } else {
        fail("password");
      }
      co_return checked;
    }
    case Whose::denied:
      // It may say so without a look at the password, so this is one more guess.
      fail("refused");
      co_return std::unexpected(
          LoginRefused{.why = Why::directory_refuses, .provider = std::move(said.provider)});
    case Whose::unknown:
      // A guess at this server's own password is one, whoever else does not answer.
      if (own) fail("password");
      count_failure(ground_, "directory");
      co_return std::unexpected(LoginRefused{.why = Why::directory_away,
                                             .retry_after = kDirectoryAwayFor,
                                             .provider = std::move(said.provider)});
    case Whose::nobodys:
      break;
  }
  fail(user ? "password" : "user");
  co_return std::unexpected(LoginRefused{Why::wrong_credentials});
}

Task<std::expected<CheckedUser, LoginRefused>> PasswordCheck::check(const Identifier& who,
                                                                    std::string password,
                                                                    const std::string& address) {
  auto checked = co_await find_out(who, std::move(password), address);
  if (!checked && checked.error().why == Why::first_time) {
    co_return std::unexpected(LoginRefused{Why::wrong_credentials});
  }
  co_return checked;
}

Task<bool> PasswordCheck::is_meant(const Identifier& who, UserId user) {
  const Meant meant = meaning_of(who, server_name_);
  const auto found = co_await ground_.db.read([&](db::Tx& tx) { return find_user(tx, meant); });
  co_return found && found->account.id == user;
}

Task<std::optional<std::string>> PasswordCheck::renew(const CheckedUser& user,
                                                      std::string password) {
  if (!user.outdated) co_return std::nullopt;
  co_return co_await passwords_.hash(std::move(password), threads::Turn::first);
}

void PasswordCheck::take_over_of(db::Tx& tx, const CheckedUser& user, std::string_view address,
                                 accounts::Account& account) const {
  if (!user.directory) return;
  const auto& [provider, person] = *user.directory;
  const std::string display_name = display_name_of(*provider, person);
  const std::string email = email_of(*provider, person);
  take_over(tx, ground_, server_name_,
            {.provider = *provider,
             .subject = person.subject,
             .display_name = display_name,
             .email = email,
             .administrator = providers::says_administrator(provider->options, person),
             .address = address},
            account);
}

std::optional<accounts::Account> PasswordCheck::lock_if_unchanged(db::Tx& tx,
                                                                  const CheckedUser& user) {
  auto now = accounts::lock_user(tx, user.account.id);
  if (!now) return std::nullopt;
  if (user.directory) {
    const auto link = providers::find_link(tx, user.directory->provider->options.id,
                                           user.directory->person.subject);
    if (!link || link->user != user.account.id) return std::nullopt;
  } else if (now->password_hash != user.hash) {
    return std::nullopt;
  }
  return std::move(now->account);
}

}  // namespace latchkey::signin
