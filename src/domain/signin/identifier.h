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
// An account already known, by its localpart: who confirms what they do with it.
struct KnownUser {
  std::string localpart;
};
using Identifier = std::variant<UserName, ThirdParty, Phone, KnownUser>;

// The localparts that may be meant, in the order of preference; the same where it is just one.
struct Names {
  std::string exact;  // as typed; only services' users and people of old have capitals
  std::string meant;  // "alice" of "Alice"
};

// An identifier in the one form that limits and the database know it by: without the white space
// that keyboards add around it.
struct Meant {
  std::string name;  // of limits; as good as unique, for users that do not exist too
  std::variant<Names, accounts::Threepid> key;
};
// What cannot exist becomes a name that nobody has.
Meant meaning_of(const Identifier& identifier, std::string_view server_name);

// The name by which directories may know who that is: as typed, the localpart of a Matrix ID of
// this server. Absent: it is none of theirs (a telephone number, another server's user).
std::optional<std::string> directory_name(const Identifier& identifier,
                                          std::string_view server_name);

// Absent: nobody has it.
std::optional<accounts::User> find_user(db::Tx& tx, const Meant& meant);

}  // namespace latchkey::signin
