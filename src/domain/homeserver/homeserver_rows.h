#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/homeserver/homeserver.h"
#include "domain/identifiers.h"
#include "platform/db/tx.h"

// The SQL of this room: its own two tables, and what it reads of others'.
namespace latchkey::homeserver {

// A record of a device that is being made at the homeserver.
enum class RecordId : std::int64_t {};
// False when the id is taken: ask for another.
bool insert_record(db::Tx& tx, RecordId id, std::string_view localpart, std::string_view device_id,
                   Time now);
std::vector<RecordId> records_of(db::Tx& tx, std::string_view localpart,
                                 std::string_view device_id);
bool delete_record(db::Tx& tx, RecordId id);
// All of that device; how many there were.
std::int64_t delete_records_of(db::Tx& tx, std::string_view localpart, std::string_view device_id);
struct Record {
  RecordId id{};
  std::string localpart;
  std::string device_id;
};
std::vector<Record> records_before(db::Tx& tx, Time before, std::int64_t limit);

// A name that has a user at the homeserver and no account here.
void insert_name(db::Tx& tx, std::string_view localpart, Time now);
void delete_name(db::Tx& tx, std::string_view localpart);
bool has_name(db::Tx& tx, std::string_view localpart);

// --- of other rooms' tables ---

std::optional<std::string> localpart_of(db::Tx& tx, UserId user);
std::optional<UserId> account_id(db::Tx& tx, std::string_view localpart);

// What the homeserver is to be told of an account.
struct AccountFacts {
  UserId id{};
  Person person;
  bool deactivated = false;
  bool erased = false;
  bool suspended = false;
};
std::optional<AccountFacts> account_facts(db::Tx& tx, std::string_view localpart);

// The device of that ID, if it is there. Its name; empty: none.
std::optional<std::string> live_device(db::Tx& tx, std::string_view localpart,
                                       std::string_view device_id);
// The localparts of the accounts after that one (absent: from the first), in the order of their
// ids.
std::vector<std::string> localparts_after(db::Tx& tx, std::optional<UserId> after,
                                          std::int64_t limit);
// The lowest and the highest; absent: there is none.
std::optional<std::pair<UserId, UserId>> ids_of_accounts(db::Tx& tx);
// The device IDs that an account has and has had.
struct DeviceState {
  std::string device_id;
  bool live = false;
};
std::vector<DeviceState> devices_of(db::Tx& tx, UserId user);
struct DeviceName {
  std::string localpart;
  std::string device_id;
};
std::optional<DeviceName> device_of(db::Tx& tx, DeviceKey device);

// Whether an item without a destination waits.
bool item_waits(db::Tx& tx, std::string_view consumer, UserId lane, std::string_view payload);
// How many of a lane without a destination, counted up to `most`.
std::int64_t lane_length(db::Tx& tx, std::string_view consumer, UserId lane, std::int64_t most);
bool kind_waits(db::Tx& tx, std::string_view consumer, UserId lane, std::string_view kind);

}  // namespace latchkey::homeserver
