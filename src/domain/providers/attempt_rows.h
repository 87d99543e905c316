#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "domain/identifiers.h"
#include "domain/providers/arrival.h"
#include "platform/db/tx.h"
#include "platform/time.h"

// The SQL of those who are on their way to a provider and back. No rule is decided here.
namespace latchkey::providers {

// A way to a provider and back, begun in one browser and ended there. Its state names it; the
// database holds a hash of that, and what the way carries sealed with it: who reads the database or
// a backup learns neither where somebody wanted to go nor who they are.
struct Attempt {
  std::string hash;  // of the state
  std::string provider;
  Purpose purpose = Purpose::sign_in;
  std::string browser;           // hash of its cookie
  std::optional<UserId> user{};  // for whom; absent: a sign-in
  boost::json::object kept;
  Time begun_at;
  std::optional<Time> arrived_at = {};
  Time expires_at;
};

std::string attempt_hash(std::string_view state);

// Absent: there is none of that state.
std::optional<Attempt> find_attempt(db::Tx& tx, std::string_view state);
void insert_attempt(db::Tx& tx, std::string_view state, const Attempt& attempt);
// Writes `kept`, `arrived_at` and `expires_at`, unless somebody has arrived with it already: false.
bool arrive(db::Tx& tx, std::string_view state, const Attempt& attempt);
// Writes `kept` of who has arrived.
void keep(db::Tx& tx, std::string_view state, const Attempt& attempt);
// The same of who has not arrived yet.
void keep_until_arrival(db::Tx& tx, std::string_view state, const Attempt& attempt);
// False: it was not there, for it has been used already.
bool delete_attempt(db::Tx& tx, std::string_view hash);
void delete_attempts_of(db::Tx& tx, UserId user);
std::int64_t delete_expired_attempts(db::Tx& tx, Time now, std::int64_t limit);

}  // namespace latchkey::providers
