#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/events/session_end.h"
#include "domain/identifiers.h"
#include "platform/time.h"

// What the database knows of a session and its account: plain values, read in one row.
namespace latchkey::sessions {

using Generation = std::int32_t;  // 24 bits: counts the refreshes of a session
using Nonce = std::array<std::uint8_t, 16>;

constexpr Generation kLastGeneration = (1 << 24) - 1;

using latchkey::Ended;
using latchkey::EndReason;

// How the person signed in. Stored; numbers are never used again.
enum class Method : int {
  password = 1,
  login_token = 2,
  application_service = 3,
  registration = 4,
  authorization_code = 5,  // in the browser
  device_code = 6,         // in the browser of another device (RFC 8628)
};

// What an OAuth 2.0 client was allowed (RFC 6749 section 3.3).
struct ClientGrant {
  std::string client;  // client_id
  std::string scope;   // canonical: tokens separated by single spaces

  bool operator==(const ClientGrant&) const = default;
};

struct Record {
  SessionId id{};
  UserId user{};
  std::optional<DeviceKey> device;
  std::string device_id;             // empty: a session without a device
  bool refreshes = false;            // the client was given a refresh token
  std::optional<ClientGrant> grant;  // absent: the legacy API, which is the whole of it
  std::optional<Method> method;
  Nonce nonce{};
  Time created_at;

  // `seen`: the generation whose tokens the client has used. `issued`: the newest handed out,
  // seen or seen + 1. The issue times are those of seen - 1, seen and issued.
  Generation seen = 0;
  Time seen_at;
  Generation issued = 0;
  Time previous_issued_at;
  Time seen_issued_at;
  Time issued_at;

  Time last_active_at;

  Ended ended = Ended::live;
  std::optional<EndReason> end_reason;
  std::optional<Time> ended_at;

  // The client has shown that it holds generation `g` (> seen): it becomes `seen`.
  void promote(Generation g, Time at) {
    previous_issued_at = seen_issued_at;
    seen_issued_at = issued_at;
    seen = g;
    seen_at = at;
  }
};

struct Account {
  UserId id{};
  std::string localpart;
  bool admin = false;
  std::optional<Time> locked_at;
  std::optional<Time> suspended_at;
  std::optional<Time> deactivated_at;

  bool operator==(const Account&) const = default;
};

// One row of the token path's lookup.
struct Session {
  Record record;
  Account account;
};

}  // namespace latchkey::sessions
