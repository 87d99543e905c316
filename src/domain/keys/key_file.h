#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/keys/key_ring.h"
#include "platform/db/database.h"

// The file of server keys and the list of their fingerprints in the database. Neither alone can
// make a token; together they say which keys ever signed (docs/formats/keys.md).
namespace latchkey::keys {

using Sentence = std::string;

// What other nodes are told after a rotation or replacement.
constexpr std::string_view kKeysChanged = "keys";

struct ListedKey {
  std::uint8_t id = 0;
  std::string fingerprint;
  Time created_at;
  std::optional<Time> lost_at;
};

// What is wrong with the file itself, without a database: it can be read by others, is damaged, or
// cannot be read or made. Absent: nothing.
std::optional<Sentence> problem_of_file(const std::string& path);

// At start. A file is made only for a database that lists no key yet; a missing or different
// one is refused with a sentence, for going on would end every session.
std::expected<std::shared_ptr<const KeyRing>, Sentence> open_keys(db::Database& db,
                                                                  const std::string& path,
                                                                  Time now);

// Adds a key that signs from now on; the others go on being good.
std::expected<std::shared_ptr<const KeyRing>, Sentence> rotate_keys(db::Database& db,
                                                                    const std::string& path,
                                                                    Time now);

// Goes on without keys that are lost: what they signed is softly refused from now on.
std::expected<std::shared_ptr<const KeyRing>, Sentence> replace_keys(db::Database& db,
                                                                     const std::string& path,
                                                                     Time now);

std::vector<ListedKey> list_keys(db::Tx& tx);

// Lists those of the ring that are not yet, and gives up those that were given up: a database that
// is older than that may lack either, and no node would start with it.
void enlist(db::Tx& tx, const KeyRing& ring, Time now);

// Whether a key of that id ever was. It is enlisted before it signs anything.
bool key_listed(db::Tx& tx, std::uint8_t id);
// Whether its id is later than that of every key there ever was, as far as this database knows: an
// older database that was put back does not know of the newest.
bool later_than_all_keys(db::Tx& tx, std::uint8_t id);
// Whether it was given up as lost.
bool key_lost(db::Tx& tx, std::uint8_t id);

}  // namespace latchkey::keys
