#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/accounts/user_rows.h"
#include "domain/limits/attempt_limits.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/authentication.h"
#include "domain/signin/directories.h"
#include "domain/signin/identifier.h"
#include "platform/time.h"

namespace latchkey::signin {

// Why nobody was signed in, or nobody confirmed to be who they are.
struct LoginRefused {
  enum class Why {
    wrong_credentials,  // or no such user: the two cannot be told apart, by time either
    token_not_good,     // a login token that is unknown, used, or too old
    account_deactivated,
    account_locked,
    too_many_devices,
    too_many_failures,  // of this address or account
    busy,               // too many passwords are being checked
    no_addresses,       // the configuration lets people sign in with their user names only
    not_offered,        // the configuration does not offer this way of signing in
    outside_namespace,  // an application service asks for a user that is not its own
    not_registered,     // the same, of one that does not exist
    directory_away,     // who could tell whose password it is does not answer
    directory_refuses,  // it knows the password, and does not let its person in
    first_time,         // a directory's person who has no account here yet: `newcomer`
  };
  Why why;
  Duration retry_after{0};    // with too_many_failures, busy and directory_away
  std::string provider = {};  // as people know it: of the last three
  std::shared_ptr<const DirectoryPerson> newcomer = {};
};

// After how long a directory that did not answer is worth asking again.
inline constexpr Duration kDirectoryAwayFor = std::chrono::seconds{5};

// A user whose password was right.
struct CheckedUser {
  accounts::Account account;
  std::string hash = {};  // that the password was held against; empty: a directory knows it
  bool outdated = false;  // of other parameters than today's: to be made anew
  // Whose directory it is, to whom the account has to be linked.
  std::shared_ptr<const DirectoryPerson> directory = {};
};

// Whose password it is, this server's or a directory's (whose_password.h), within the limits
// against guessing. Nothing here begins a session: for sign-in and for user-interactive
// authentication.
class PasswordCheck {
 public:
  PasswordCheck(const Ground& ground, accounts::Passwords& passwords, limits::AttemptLimits& limits,
                std::string server_name, const providers::ProviderSet& providers)
      : ground_(ground),
        passwords_(passwords),
        limits_(limits),
        server_name_(std::move(server_name)),
        providers_(providers),
        directories_(ground, providers) {}

  // Ends what waits for directories. To be called while the server whose handlers wait still
  // exists.
  void close() { directories_.close(); }

  // Whether the configuration lets people use passwords at all, this server's or a directory's.
  bool enabled() const { return passwords_.enabled() || !directories_.none(); }
  // By what the configuration lets people be authenticated.
  AuthMethods methods() const { return offered_methods(passwords_, providers_); }
  const providers::ProviderSet& providers() const { return providers_; }
  // By what of that the account.
  AuthMethods methods_of(const accounts::User& user,
                         const std::vector<providers::Link>& links) const {
    return account_methods(user, links, passwords_, providers_);
  }

  // A wrong password, an unknown user and one without a password take the same time and are the
  // same answer. What a directory says of somebody who is known (KnownUser), or has an account of
  // that name here that is linked to it, is asked of the link's subject, and never of who has such
  // a name there: another person's password confirms nothing. Never `first_time`: nobody without an
  // account confirms anything.
  Task<std::expected<CheckedUser, LoginRefused>> check(const Identifier& who, std::string password,
                                                       const std::string& address);

  // Whether the identifier is one of this user's.
  Task<bool> is_meant(const Identifier& who, UserId user);

  // Checks the password, and runs `then(tx, account)` in a transaction that has locked the account
  // and found the password unchanged; an outdated hash is made anew there. Begins again when the
  // hash was replaced meanwhile, by a change of the password or by another sign-in that made it
  // anew. Of a directory's person it takes over what the directory says (provider_word.h), and
  // who is new is refused as `first_time`. Returns what `then` does, a std::expected with
  // LoginRefused.
  template <class Then>
  using ResultOf = std::invoke_result_t<Then&, db::Tx&, const accounts::Account&>;
  template <class Then>
  Task<ResultOf<Then>> with_account(Identifier who, std::string password, std::string address,
                                    Then then) {
    return with_account(std::move(who), std::move(password), std::move(address), UnderLock{},
                        std::move(then));
  }
  // The same, where it may be done without the lock: `unlocked(user)`, a Task, is asked first for
  // what `then` would return, where nothing else has to be written. It looks itself whether the
  // account is still as it was checked; absent: `then` is run.
  template <class Unlocked, class Then>
  Task<ResultOf<Then>> with_account(Identifier who, std::string password, std::string address,
                                    Unlocked unlocked, Then then);

  // The hash to be written in place of an outdated one; absent: it is not, or this is a busy moment
  // and the next sign-in does it.
  Task<std::optional<std::string>> renew(const CheckedUser& user, std::string password);

  // The account, locked, if its password is still the one that was checked: it may have been
  // changed while the hash was made, and a sign-in with the old one would outlive the change. Of a
  // directory's: if the account is still linked to that person.
  static std::optional<accounts::Account> lock_if_unchanged(db::Tx& tx, const CheckedUser& user);

  // What a directory says of the account's person becomes so; of this server's own passwords
  // nothing does.
  void take_over_of(db::Tx& tx, const CheckedUser& user, std::string_view address,
                    accounts::Account& account) const;

 private:
  struct UnderLock {};

  struct Begun {
    limits::SignInAttempt attempt;
    threads::Turn turn;
  };
  Task<std::expected<Begun, limits::SignInBlocked>> begin(limits::Attempt attempt);
  Task<bool> is_familiar(const limits::Attempt& attempt);

  // Who is named, as far as they are known here.
  struct Named {
    const Identifier& who;
    std::optional<accounts::User> user;
    std::vector<providers::Link> links;
  };
  Task<Named> find_named(const Identifier& who, const Meant& meant, bool as_user);
  // Whom directories are asked about.
  std::vector<Directories::Question> questions(const Named& named) const;
  // What they say, up to the first yes; the answer that `verdict` means.
  struct Said {
    Verdict verdict;
    std::string provider = {};
    std::shared_ptr<const DirectoryPerson> person = {};
  };
  Task<Said> ask_directories(const Named& named, std::optional<bool> own,
                             const std::string& password);
  // With first_time, for who is new.
  Task<std::expected<CheckedUser, LoginRefused>> find_out(const Identifier& who,
                                                          std::string password,
                                                          const std::string& address);
  // The account of a directory's person. Who confirms has to be the one that is meant.
  Task<std::expected<CheckedUser, LoginRefused>> account_of(
      const Named& named, std::shared_ptr<const DirectoryPerson> person);

  const Ground& ground_;
  accounts::Passwords& passwords_;
  limits::AttemptLimits& limits_;
  const std::string server_name_;
  const providers::ProviderSet& providers_;
  Directories directories_;
};

// How often a password may be replaced while it is checked before that is a fault.
inline constexpr int kMostPasswordTries = 5;

template <class Unlocked, class Then>
Task<PasswordCheck::ResultOf<Then>> PasswordCheck::with_account(Identifier who,
                                                                std::string password,
                                                                std::string address,
                                                                Unlocked unlocked, Then then) {
  using Result = ResultOf<Then>;
  for (int tries = 0; tries < kMostPasswordTries; ++tries) {
    const auto checked = co_await find_out(who, password, address);
    if (!checked) co_return std::unexpected(checked.error());
    const auto new_hash = co_await renew(*checked, password);
    if constexpr (!std::is_same_v<Unlocked, UnderLock>) {
      if (!new_hash && !checked->directory) {
        std::optional<Result> at_once = co_await unlocked(*checked);
        if (at_once) co_return std::move(*at_once);
      }
    }
    auto done = co_await ground_.db.write([&](db::Tx& tx) -> std::optional<Result> {
      // The state of the account counts as it is now, not as it was before the hashing.
      auto account = lock_if_unchanged(tx, *checked);
      if (!account) return std::nullopt;
      take_over_of(tx, *checked, address, *account);
      if (new_hash) accounts::update_password_hash(tx, account->id, new_hash);
      return then(tx, *account);
    });
    if (done) co_return std::move(*done);
  }
  throw db::Unavailable("a password was changed again and again while it was checked");
}

}  // namespace latchkey::signin
