#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/keys/key_ring.h"

// Texts that the database keeps and only the server reads: who has the database or a backup of it
// needs the file of server keys as well.
namespace latchkey::keys {

// As text, with the id of the key. `purpose` is a name for what is sealed, `context` what it
// belongs to: both have to be the same again.
std::string seal_text(const KeyRing& ring, std::string_view purpose, std::string_view context,
                      std::string_view text);
// Absent: its key is not there any more, or it belongs to something else.
std::optional<std::string> unseal_text(const KeyRing& ring, std::string_view purpose,
                                       std::string_view context, std::string_view sealed);

}  // namespace latchkey::keys
