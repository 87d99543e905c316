#include "domain/signin/identifier.h"

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/threepid_rows.h"
#include "platform/text/utf8.h"

namespace latchkey::signin {
namespace {

Meant by_threepid(std::optional<accounts::Threepid> threepid) {
  accounts::Threepid known = std::move(threepid).value_or(accounts::Threepid{});
  std::string name = known.medium + " " + known.address;
  return {std::move(name), std::move(known)};
}

struct Reader {
  std::string_view server_name;

  Meant operator()(const UserName& name) const {
    std::string localpart =
        accounts::localpart_meant(text::trimmed(name.user), server_name).value_or("");
    return {localpart, localpart};
  }
  Meant operator()(const ThirdParty& id) const {
    return by_threepid(accounts::canonical_threepid(id.medium, text::trimmed(id.address)));
  }
  Meant operator()(const Phone& phone) const {
    return by_threepid(accounts::canonical_phone(phone.country, text::trimmed(phone.number)));
  }
};

struct Finder {
  db::Tx& tx;

  std::optional<accounts::User> operator()(const std::string& localpart) const {
    return accounts::find_user(tx, localpart);
  }
  std::optional<accounts::User> operator()(const accounts::Threepid& threepid) const {
    return accounts::find_user_by_threepid(tx, threepid);
  }
};

}  // namespace

Meant meaning_of(const Identifier& identifier, std::string_view server_name) {
  return std::visit(Reader{server_name}, identifier);
}

std::optional<accounts::User> find_user(db::Tx& tx, const Meant& meant) {
  return std::visit(Finder{tx}, meant.key);
}

}  // namespace latchkey::signin
