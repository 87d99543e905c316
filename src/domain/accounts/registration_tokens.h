#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/sessions/session_rows.h"
#include "platform/db/tx.h"

// Registration tokens (spec "Token-authenticated registration"): texts that let people create an
// account while registration is not free for all. Only their hashes are kept. They carry as much
// of a secret as the operator gives them: a plain hash is enough for the 80 bits of a made one.
namespace latchkey::accounts {

struct RegistrationToken {
  RegistrationTokenId id{};
  std::string name{};
  std::optional<std::int64_t> uses_allowed{};  // absent: any number
  std::int64_t used = 0;
  std::int64_t pending = 0;  // authentications under way that hold it; each may become a use
  Time created_at{};
  std::optional<Time> expires_at{};
  std::optional<Time> revoked_at{};
};

enum class TokenState { valid, expired, spent, revoked };
// `spent`: used up; what is only held by others may become free again.
TokenState state_of(const RegistrationToken& token, Time now);
// Whether one more person may begin to register with it.
bool usable(const RegistrationToken& token, Time now);

// Whether `text` may be a token: an opaque identifier of the spec (appendices), 1 to 64
// characters of A-Z a-z 0-9 . _ ~ -
bool valid_registration_token(std::string_view text);
// 16 characters.
std::string make_registration_token();

// --- for registering, within a transaction ---

// For the authentication session of this hash, which may hold it already: the request was sent
// twice. With the lock no two people take the last use at the same time: for a transaction that
// goes on to hold the token.
std::optional<RegistrationTokenId> find_usable(db::Tx& tx, std::string_view text, Time now,
                                               std::string_view holder = {},
                                               sessions::Lock lock = sessions::Lock::no);
// Counts a use of a token that the caller's authentication holds. False: it was revoked, expired
// or used up meanwhile.
bool use(db::Tx& tx, RegistrationTokenId id, Time now);

// --- for administration ---

// False when the id or the text is taken.
bool insert_registration_token(db::Tx& tx, const RegistrationToken& token, std::string_view text);
bool registration_token_taken(db::Tx& tx, std::string_view text);
std::optional<RegistrationToken> find_registration_token(db::Tx& tx, RegistrationTokenId id,
                                                         Time now);
// The newest first.
std::vector<RegistrationToken> list_registration_tokens(db::Tx& tx, Time now);
// False when there is none that could be revoked.
bool revoke_registration_token(db::Tx& tx, RegistrationTokenId id, Time now);

}  // namespace latchkey::accounts
