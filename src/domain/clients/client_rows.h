#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/db/tx.h"
#include "platform/time.h"

// The table oauth_clients.
namespace latchkey::clients {

struct ClientRow {
  std::string id;
  Time created_at;
  Time used_at;
  bool signed_in = false;  // somebody has signed in with it
};

// The metadata, as they were accepted.
std::optional<std::string> find_client_metadata(db::Tx& tx, std::string_view id);

std::optional<ClientRow> find_client_by_digest(db::Tx& tx, std::string_view digest);

// The client with that digest: `id` if there was none. Notes its use.
ClientRow keep_client(db::Tx& tx, std::string_view id, std::string_view digest,
                      std::string_view metadata, Time now);

// Notes that somebody signs in with it, unless that was noted not long before: everybody with the
// same client writes the same row.
void touch_client(db::Tx& tx, std::string_view id, Time now);
bool is_touched(const ClientRow& row, Time now);

// Deletes what was last used before `before`, or registered before `registered` and never signed in
// with, and no session names that is live or softly ended; at most so many. Returns how many.
std::int64_t delete_unused_clients(db::Tx& tx, Time before, Time registered, std::int64_t limit);

}  // namespace latchkey::clients
