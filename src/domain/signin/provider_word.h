#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/accounts/user_rows.h"
#include "domain/ground/ground.h"
#include "domain/providers/provider_set.h"

// What a provider says of somebody who signs in by it, and becomes so here each time.
namespace latchkey::signin {

// The display name that its template makes; empty: none.
std::string display_name_of(const providers::Provider& provider, const providers::Person& person);

// The verified e-mail address that its template makes, in its canonical form; empty: none.
std::string email_of(const providers::Provider& provider, const providers::Person& person);

// Which of its people it is.
struct Signer {
  const providers::Provider& provider;
  std::string_view subject;
  std::string_view display_name;
  std::string_view email;
  std::optional<bool> administrator;  // absent: it does not say
  std::string_view address;           // where they sign in from
};

// The account, which is locked and linked to them, is an administrator's or no longer, as the
// provider says where it says so, and has their display name and address where that is wanted. The
// link was used. Nothing changes of an account to which nobody signs in.
void take_over(db::Tx& tx, const Ground& ground, std::string_view server_name, const Signer& signer,
               accounts::Account& account);

// The account, which is linked to them, has the address that the provider says, and not the one
// that it said before: unless it has said so already, for then its person has taken it away, or
// another account has it.
void take_over_email(db::Tx& tx, const Ground& ground, const Signer& signer, UserId account);

// What is noted in the audit where an account becomes an administrator's, or is no longer, because
// a provider says so.
void set_administrator(db::Tx& tx, const Ground& ground, std::string_view server_name,
                       const Signer& signer, accounts::Account& account);

}  // namespace latchkey::signin
