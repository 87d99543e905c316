#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/ground/batches.h"
#include "domain/identifiers.h"
#include "platform/db/database.h"

// The texts by which apps call themselves, each kept once (docs/formats/database.md,
// `user_agents`).
namespace latchkey::sessions {

// A row that was noted so recently is not written again.
inline constexpr Duration kUserAgentNotedEvery = std::chrono::hours{1};

struct UserAgent {
  std::int64_t key;
  std::string_view text;  // as it is kept: of bounded length
};
// Absent: there is nothing to be kept.
std::optional<UserAgent> user_agent_of(std::string_view text);

// Stores the text once; returns its key. Absent for an empty text.
std::optional<std::int64_t> keep_user_agent(db::Tx& tx, std::string_view text, Time now);

// Removes what an account's sessions name, before that is taken from them, unless one of the newest
// ten thousand other sessions names it too. Looking at all of them would hold up the writer; what
// only older ones name is noted again when they are used.
void delete_user_agents_named_by(db::Tx& tx, UserId user);

// As far as a walk goes in an hour: a few seconds of work, beside the writer.
inline constexpr std::int64_t kWalkedAtOnce = 200'000;

// Goes on with the walk through all sessions, no further than `most` of them, and at its end
// removes what none of them names and none has named for two hours. To know at once which sessions
// name a text would take an index that every sign-in writes, or all of them to be read.
void purge_user_agents(db::Database& db, const Batches& batches, Time now, std::int64_t most);

}  // namespace latchkey::sessions
