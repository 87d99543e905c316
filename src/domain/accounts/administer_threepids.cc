// What an administrator does to the addresses and phone numbers of accounts.

#include <fmt/format.h>

#include "domain/accounts/administration.h"

namespace latchkey::accounts {
namespace {

std::string not_one(std::string_view medium, std::string_view address) {
  if (medium == "email") return fmt::format("'{}' is not an e-mail address", address);
  if (medium == "msisdn") {
    return fmt::format("'{}' is not a phone number in international form, like +49 170 1234567",
                       address);
  }
  return fmt::format("'{}' is not a medium: email or msisdn", medium);
}

std::string described(const Threepid& threepid) {
  return fmt::format("{} {}", threepid.medium, threepid.address);
}

}  // namespace

Administration::Result<Threepid> Administration::add_threepid(const Operator& by,
                                                              std::string_view name,
                                                              std::string_view medium,
                                                              std::string_view address) {
  const auto threepid = canonical_threepid(medium, address);
  if (!threepid) return fail(not_one(medium, address));
  return ground_.db.write_now([&](db::Tx& tx) -> Result<Threepid> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    if (user->account.deactivated_at) return fail("the account is deactivated");
    if (!insert_threepid(tx, user->account.id, *threepid, ground_.clock.now())) {
      return fail(fmt::format("{} is taken", threepid->address));
    }
    note(tx, by, "user add-threepid", target(user->account), described(*threepid));
    return *threepid;
  });
}

Administration::Result<Threepid> Administration::remove_threepid(const Operator& by,
                                                                 std::string_view name,
                                                                 std::string_view medium,
                                                                 std::string_view address) {
  const auto threepid = canonical_threepid(medium, address);
  if (!threepid) return fail(not_one(medium, address));
  return ground_.db.write_now([&](db::Tx& tx) -> Result<Threepid> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    if (!delete_threepid(tx, user->account.id, *threepid)) {
      return fail(fmt::format("{} is not one of {}", threepid->address, name));
    }
    note(tx, by, "user remove-threepid", target(user->account), described(*threepid));
    return *threepid;
  });
}

Administration::Result<std::vector<ListedThreepid>> Administration::list_threepids(
    std::string_view name) {
  using List = std::vector<ListedThreepid>;
  return ground_.db.read_now([&](db::Tx& tx) -> Result<List> {
    const auto user = find(tx, name);
    if (!user) return no_such_user(name);
    return accounts::list_threepids(tx, user->account.id);
  });
}

}  // namespace latchkey::accounts
