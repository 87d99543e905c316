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
    const auto typed = text::trimmed(name.user);
    const auto exact = accounts::exact_localpart(typed, server_name);
    const auto meant = accounts::localpart_meant(typed, server_name);
    Names names{exact.value_or(""), meant.value_or(exact.value_or(""))};
    std::string limited = names.meant;
    return {std::move(limited), std::move(names)};
  }
  Meant operator()(const KnownUser& user) const {
    return {user.localpart, Names{user.localpart, user.localpart}};
  }
  Meant operator()(const ThirdParty& id) const {
    return by_threepid(accounts::canonical_threepid(id.medium, text::trimmed(id.address)));
  }
  Meant operator()(const Phone& phone) const {
    return by_threepid(accounts::canonical_phone(phone.country, text::trimmed(phone.number)));
  }
};

struct DirectoryReader {
  std::string_view server_name;

  std::optional<std::string> operator()(const UserName& name) const {
    std::string typed(text::trimmed(name.user));
    const auto colon = typed.find(':');
    if (!typed.starts_with('@') || colon == typed.npos) return typed;
    if (std::string_view(typed).substr(colon + 1) != server_name) return std::nullopt;
    return typed.substr(1, colon - 1);
  }
  std::optional<std::string> operator()(const KnownUser& user) const { return user.localpart; }
  std::optional<std::string> operator()(const ThirdParty& id) const {
    if (id.medium != "email") return std::nullopt;
    return std::string(text::trimmed(id.address));
  }
  std::optional<std::string> operator()(const Phone& /*phone*/) const { return std::nullopt; }
};

struct Finder {
  db::Tx& tx;

  // A service's user of that very name, who has no password, does not keep anybody out who lets
  // the keyboard write "Alice".
  std::optional<accounts::User> operator()(const Names& names) const {
    auto exact = accounts::find_user(tx, names.exact);
    if (names.meant == names.exact || (exact && exact->password_hash)) return exact;
    auto meant = accounts::find_user(tx, names.meant);
    return meant ? meant : exact;
  }
  std::optional<accounts::User> operator()(const accounts::Threepid& threepid) const {
    return accounts::find_user_by_threepid(tx, threepid);
  }
};

}  // namespace

Meant meaning_of(const Identifier& identifier, std::string_view server_name) {
  return std::visit(Reader{server_name}, identifier);
}

std::optional<std::string> directory_name(const Identifier& identifier,
                                          std::string_view server_name) {
  return std::visit(DirectoryReader{server_name}, identifier);
}

std::optional<accounts::User> find_user(db::Tx& tx, const Meant& meant) {
  return std::visit(Finder{tx}, meant.key);
}

}  // namespace latchkey::signin
