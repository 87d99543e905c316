#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/sessions/record.h"
#include "platform/db/tx.h"

namespace latchkey::sessions {

// What update_activity() of session_rows.h does, with a user agent that is kept already
// (keep_user_agent()): for a batch of sessions, most of which are of the same few apps.
void update_activity(db::Tx& tx, SessionId id, Time at, std::string_view address,
                     std::optional<std::int64_t> user_agent);

}  // namespace latchkey::sessions
