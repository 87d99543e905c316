#include "domain/accounts/passwords.h"

#include <utility>

#include "domain/accounts/password_scheme.h"
#include "platform/crypto/random.h"

namespace latchkey::accounts {
namespace {

// Low enough that a storm of logins does not slow the token path, not so low that logins starve.
constexpr int kNice = 10;

Passwords::Match to_match(crypto::Verdict verdict) {
  switch (verdict) {
    case crypto::Verdict::yes:
      return Passwords::Match::yes;
    case crypto::Verdict::yes_but_rehash:
      return Passwords::Match::yes_but_rehash;
    case crypto::Verdict::no:
      break;
  }
  return Passwords::Match::no;
}

}  // namespace

Passwords::Passwords(const PasswordOptions& options, std::string_view server_name)
    : enabled_(options.enabled),
      by_address_(options.sign_in_by_address),
      rules_(options.minimum_length, options.minimum_score, server_name, options.required),
      params_(options.hashing.params()),
      nobodys_hash_(hash_password(crypto::random_text(crypto::kBase62, 32), params_)),
      pool_(options.hashing.threads(), options.hashing.hash_queue, kNice) {}

Task<std::optional<NewPasswordRefused>> Passwords::refuse_new(std::string password,
                                                              std::string localpart) {
  using Why = NewPasswordRefused::Why;
  if (const auto weak = rules_.refuse_form(password)) {
    co_return NewPasswordRefused{Why::weak, weak};
  }
  if (!rules_.judges_guessability()) co_return std::nullopt;
  const auto weak = co_await pool_.run(
      [&rules = rules_, password = std::move(password), localpart = std::move(localpart)] {
        return rules.refuse_guessable(password, localpart);
      });
  if (!weak) co_return NewPasswordRefused{Why::busy};
  if (*weak) co_return NewPasswordRefused{Why::weak, *weak};
  co_return std::nullopt;
}

Task<std::optional<std::string>> Passwords::hash(std::string password, threads::Turn turn) {
  co_return co_await pool_.run([password = std::move(password),
                                params = params_] { return hash_password(password, params); },
                               turn);
}

Task<std::optional<Passwords::Match>> Passwords::verify(std::optional<std::string> hash,
                                                        std::string password, threads::Turn turn) {
  co_return co_await pool_.run(
      [stored = hash.value_or(nobodys_hash_), password = std::move(password), params = params_,
       possible = hash.has_value()] {
        const Match match = to_match(verify_password(stored, password, params));
        return possible ? match : Match::no;
      },
      turn);
}

}  // namespace latchkey::accounts
