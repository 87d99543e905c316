#include "domain/services/senders.h"

#include "domain/accounts/user_rows.h"

namespace latchkey::services {

std::vector<std::string> add_senders(const Services& services, const Ground& ground) {
  if (services.empty()) return {};
  const Time now = ground.clock.now();
  return ground.db.write_now([&](db::Tx& tx) {
    std::vector<std::string> created;
    for (const Service& service : services.all()) {
      // Again when the id was taken; another node's insert ends it too.
      while (!accounts::name_taken(tx, service.sender_localpart)) {
        const auto id = ground.ids.next<UserId>(now);
        if (accounts::insert_user(tx, id, service.sender_localpart, std::nullopt, /*admin=*/false,
                                  now)) {
          ground.events.tell(tx, events::AccountCreated{id, service.sender_localpart});
          created.push_back(service.sender_localpart);
        }
      }
    }
    return created;
  });
}

}  // namespace latchkey::services
