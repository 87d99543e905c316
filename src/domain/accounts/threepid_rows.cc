#include "domain/accounts/threepid_rows.h"

namespace latchkey::accounts {

bool insert_threepid(db::Tx& tx, UserId user, const Threepid& threepid, Time now) {
  return tx.run(
             "INSERT INTO threepids (medium, address, user_id, added_at)"
             " VALUES (:medium, :address, :user, :now) ON CONFLICT DO NOTHING",
             threepid.medium, threepid.address, user, now) == 1;
}

bool delete_threepid(db::Tx& tx, UserId user, const Threepid& threepid) {
  return tx.run(
             "DELETE FROM threepids WHERE medium = :medium AND address = :address"
             " AND user_id = :user",
             threepid.medium, threepid.address, user) == 1;
}

void delete_threepids_of(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM threepids WHERE user_id = :user", user);
}

std::vector<ListedThreepid> list_threepids(db::Tx& tx, UserId user) {
  std::vector<ListedThreepid> list;
  tx.each<std::string, std::string, Time>(
      "SELECT medium, address, added_at FROM threepids WHERE user_id = :user"
      " ORDER BY added_at, medium, address",
      [&](std::string& medium, std::string& address, Time added_at) {
        list.push_back({{std::move(medium), std::move(address)}, added_at});
      },
      user);
  return list;
}

}  // namespace latchkey::accounts
