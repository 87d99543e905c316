#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/accounts/threepid.h"
#include "domain/accounts/user_rows.h"
#include "platform/db/tx.h"

// Who somebody says they are (spec "Identifier types").
namespace latchkey::signin {

// m.id.user: a localpart or a full Matrix ID, as typed.
struct UserName {
  std::string user;
};
// m.id.thirdparty.
struct ThirdParty {
  std::string medium;
  std::string address;
};
// m.id.phone: a country (ISO 3166-1 alpha-2) and a number as it would be dialled there.
struct Phone {
  std::string country;
  std::string number;
};
using Identifier = std::variant<UserName, ThirdParty, Phone>;

// An identifier in the one form that limits and the database know it by: without the white space
// that keyboards add around it.
struct Meant {
  std::string name;  // of limits; as good as unique, for users that do not exist too
  std::variant<std::string, accounts::Threepid> key;  // a localpart, or a third-party id
};
// What cannot exist becomes a name that nobody has.
Meant meaning_of(const Identifier& identifier, std::string_view server_name);

// Absent: nobody has it.
std::optional<accounts::User> find_user(db::Tx& tx, const Meant& meant);

}  // namespace latchkey::signin
