#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "platform/call_limits.h"
#include "platform/time.h"

// The homeserver behind, which has rooms, keys and devices of its own and has to learn from here
// who there is. Without one (homeserver.kind: none) nothing of this room is built.
//
// Two ways lead to it:
//   - What must be there before a token is handed out, the user and the device, is done at once,
//     while the client waits: provisioning.h.
//   - Everything else goes through the outbox, in the transaction that causes it: changes.h.
//
// Both rely on each other. A deletion that still waits in the outbox must not arrive after a new
// device of the same ID is live; so a sign-in waits for it. A device that was made for a sign-in
// which came to nothing must go; so a record is written before it is made.
// (docs/decisions/0021-what-the-homeserver-knows.md)
namespace latchkey::homeserver {

// What cannot be done while the homeserver does not do its part; 503, to be tried again.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the homeserver will not do, however often it is asked: a device ID or a name that it does
// not take. 400, for a client that tried again would never come to an end.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Why a call came to nothing.
struct Trouble {
  enum class Kind : std::uint8_t {
    not_reached,   // nothing has arrived there
    failed,        // it may have arrived, and may do better later
    refused,       // it will never do that
    unknown_user,  // it knows no such user
  };
  Kind kind = Kind::failed;
  std::string sentence;                // for the log
  std::optional<Duration> after = {};  // it asked for that much patience
};

template <class T = void>
using Reply = std::expected<T, Trouble>;

// A user as this server has it.
struct Person {
  std::string localpart;
  std::string display_name;  // empty: none
  std::vector<std::string> emails;
  bool locked = false;
};

// What the homeserver says of a user.
struct KnownUser {
  bool deactivated = false;
  bool suspended = false;
};

enum class NameState : std::uint8_t { free, taken, invalid, exclusive };

// What this server asks of a homeserver. Every call waits for the answer, so none is made on a
// thread that serves requests, nor within a transaction. Each may be made twice. For any number of
// threads.
class Homeserver {
 public:
  virtual ~Homeserver() = default;

  // Whether it would take a new user of that name.
  virtual Reply<NameState> state_of_name(std::string_view localpart, const CallLimits& limits) = 0;
  // Absent: it knows no such user.
  virtual Reply<std::optional<KnownUser>> find_user(std::string_view localpart,
                                                    const CallLimits& limits) = 0;

  // Makes the user with the display name, or takes over the addresses and whether it is locked of
  // one who is there, whose display name stays: people change that at the homeserver too.
  virtual Reply<> put_user(const Person& person, const CallLimits& limits) = 0;
  virtual Reply<> set_display_name(std::string_view localpart, std::string_view name,
                                   const CallLimits& limits) = 0;
  virtual Reply<> deactivate_user(std::string_view localpart, bool erase,
                                  const CallLimits& limits) = 0;
  virtual Reply<> reactivate_user(std::string_view localpart, const CallLimits& limits) = 0;
  virtual Reply<> set_suspended(std::string_view localpart, bool suspended,
                                const CallLimits& limits) = 0;
  // Lets the person replace the keys of their encryption identity for some minutes.
  virtual Reply<> allow_cross_signing_reset(std::string_view localpart,
                                            const CallLimits& limits) = 0;

  // Makes the device, or renames it; without a name a known one keeps its own.
  virtual Reply<> put_device(std::string_view localpart, std::string_view device_id,
                             const std::optional<std::string>& name, const CallLimits& limits) = 0;
  // With its keys. No error when there is none.
  virtual Reply<> delete_device(std::string_view localpart, std::string_view device_id,
                                const CallLimits& limits) = 0;
};

}  // namespace latchkey::homeserver
