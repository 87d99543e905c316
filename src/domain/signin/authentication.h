#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/accounts/user_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/providers/provider_set.h"
#include "domain/sessions/standing.h"
#include "platform/time.h"

// By what people are authenticated, and when somebody last was: values. Re-authentication asks
// is_fresh(); confirmations (domain/confirm) and the list of ways to sign in (login_flows.h) ask
// which methods an account has, and have a row for each.
namespace latchkey::signin {

// Stored; numbers are never used again. A passkey or a code that was sent is one more, with a line
// in account_methods().
enum class AuthMethod : int {
  password = 1,
  provider = 2,  // an identity provider, to which the person is sent with their browser
};

// A set of methods.
class AuthMethods {
 public:
  constexpr AuthMethods() = default;
  constexpr AuthMethods(std::initializer_list<AuthMethod> methods) {
    for (const AuthMethod method : methods) bits_ |= bit(method);
  }

  constexpr bool contains(AuthMethod method) const { return (bits_ & bit(method)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr AuthMethods operator&(AuthMethods other) const {
    AuthMethods both;
    both.bits_ = bits_ & other.bits_;
    return both;
  }
  constexpr void add(AuthMethod method) { bits_ |= bit(method); }
  constexpr bool operator==(const AuthMethods&) const = default;

 private:
  static constexpr std::uint32_t bit(AuthMethod method) {
    return std::uint32_t{1} << static_cast<unsigned>(std::to_underlying(method));
  }

  std::uint32_t bits_ = 0;
};

// What the configuration offers to anybody.
AuthMethods offered_methods(const accounts::Passwords& passwords,
                            const providers::ProviderSet& providers);
// What an account has of them: its password where this server's own are offered, and of its links
// those to providers that there are.
AuthMethods account_methods(const accounts::User& user, const std::vector<providers::Link>& links,
                            const accounts::Passwords& passwords,
                            const providers::ProviderSet& providers);

// When somebody was last authenticated, and by what.
struct Authentication {
  Time at;
  AuthMethod by = AuthMethod::password;

  bool operator==(const Authentication&) const = default;
};

// Whether that was less than `within` ago. A clock that was set back to before it makes nothing
// fresh.
bool is_fresh(const Authentication& last, Limit within, Time now);

}  // namespace latchkey::signin
