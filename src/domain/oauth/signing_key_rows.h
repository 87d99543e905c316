#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/tx.h"

namespace latchkey::oauth {

// A key as the table signing_keys has it.
struct SigningKeyRow {
  std::string id;  // kid
  std::string algorithm;
  std::string public_jwk;
  std::string sealed;  // base64url
  int server_key = 0;  // that sealed it
  Time created_at;
  std::optional<Time> retired_at;  // may be to come
};

// Waits for others who make or retire keys, on any node.
void lock_signing_keys(db::Tx& tx);

// The oldest first.
std::vector<SigningKeyRow> list_signing_keys(db::Tx& tx);

void insert_signing_key(db::Tx& tx, const SigningKeyRow& row);

// Those that are not retired yet, of all server keys or of one.
void retire_signing_keys(db::Tx& tx, Time at);
void retire_signing_keys_of(db::Tx& tx, int server_key, Time at);

// Removes what was retired until then.
void purge_signing_keys(db::Tx& tx, Time until);

}  // namespace latchkey::oauth
