#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/accounts/password_rules.h"
#include "platform/config/bounds.h"
#include "platform/crypto/argon2id.h"
#include "platform/task.h"
#include "platform/threads/work_pool.h"
#include "platform/time.h"

namespace latchkey::accounts {

// The options of `passwords:`.
struct PasswordOptions {
  bool enabled = true;
  std::size_t minimum_length = 8;
  unsigned minimum_score = 2;
  CharacterClasses required;
  bool sign_in_by_address = true;
  crypto::PasswordHashOptions hashing;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("enabled", enabled, "Whether sign-in by password is offered at all.");
    visit("minimum_length", minimum_length, "The fewest characters of a new password.",
          config::Between{1, 128});
    visit("minimum_score", minimum_score,
          "How hard to guess a new password must be, by zxcvbn: 1 takes a thousand guesses, 2 a "
          "million, 3 a hundred million, 4 ten thousand million; 0 takes any.",
          config::Between{0, 4});
    visit("require_digit", required.digit,
          "Whether a new password must have a digit. Such rules make passwords shorter rather than "
          "better: minimum_score does more.");
    visit("require_lowercase", required.lowercase,
          "Whether a new password must have a small letter.");
    visit("require_uppercase", required.uppercase,
          "Whether a new password must have a capital letter.");
    visit("require_symbol", required.symbol,
          "Whether a new password must have a character that is neither letter nor digit.");
    visit("sign_in_by_address", sign_in_by_address,
          "Whether people may sign in with an e-mail address or phone number of their account in "
          "place of the user name.");
    hashing.options(visit);
  }
};

// How soon a client may come back when all hashing threads are taken.
inline constexpr Duration kBusyFor = std::chrono::seconds{2};

struct NewPasswordRefused {
  enum class Why { weak, busy };  // busy: the pool is full; the client comes back later
  Why why;
  std::optional<WeakPassword> weak = {};  // when it is that (M_WEAK_PASSWORD)
};

// Passwords: their rules and their hashes, which are made on a bounded pool of threads at a low
// priority. They come as they were typed, and are prepared here (password_scheme.h). Nothing here
// knows users.
class Passwords {
 public:
  // The server's name is a word that passwords should not be made of.
  explicit Passwords(const PasswordOptions& options, std::string_view server_name = {});

  // Whether sign-in by password is offered at all.
  bool enabled() const { return enabled_; }

  // Whether with an address of the account, too.
  bool by_address() const { return by_address_; }
  // The characters that each new one has to have.
  const CharacterClasses& required() const { return rules_.required(); }

  std::size_t minimum_length() const { return rules_.minimum_length(); }
  bool judges_guessability() const { return rules_.judges_guessability(); }

  // What is seen of a new password at once.
  std::optional<WeakPassword> refuse_form(std::string_view password) const {
    return rules_.refuse_form(password);
  }

  // Why a password may not become one's new one; absent: it may. The localpart is empty when
  // there is none yet. What guessing it would take is estimated on the pool: an anonymous
  // request that comes here is to be limited before.
  Task<std::optional<NewPasswordRefused>> refuse_new(std::string password, std::string localpart);

  // Of a password that was not refused. Absent: the pool is full; the client comes back later.
  Task<std::optional<std::string>> hash(std::string password,
                                        threads::Turn turn = threads::Turn::usual);

  enum class Match { no, yes, yes_but_rehash };
  // `hash` absent (no such user, no password): takes as long as a wrong password and is `no`.
  // Absent: the pool is full.
  Task<std::optional<Match>> verify(std::optional<std::string> hash, std::string password,
                                    threads::Turn turn = threads::Turn::usual);

  // So many wait that it matters whose turn it is.
  bool crowded() const { return pool_.crowded(); }
  std::size_t queued() const { return pool_.queued(); }

 private:
  const bool enabled_;
  const bool by_address_;
  const PasswordRules rules_;
  const crypto::Argon2Params params_;
  const std::string nobodys_hash_;
  threads::WorkPool pool_;
};

}  // namespace latchkey::accounts
