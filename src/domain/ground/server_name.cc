#include "domain/ground/server_name.h"

#include <string>

namespace latchkey {

void claim_server_name(db::Database& db, std::string_view name) {
  const auto stored = db.write_now([&](db::Tx& tx) {
    // Of two nodes that start at once the second waits here for the first.
    tx.run("INSERT INTO server (id, name) VALUES (1, :name) ON CONFLICT DO NOTHING", name);
    return std::get<0>(tx.one<std::string>("SELECT name FROM server WHERE id = 1").value());
  });
  if (stored == name) return;
  throw db::Refused("this database belongs to server_name: " + stored +
                    ", and the configuration says " + std::string(name) +
                    ". Its users are @…:" + stored +
                    " and cannot be renamed. Put the old name back, or give the new one a database "
                    "(and a key file) of its own");
}

}  // namespace latchkey
