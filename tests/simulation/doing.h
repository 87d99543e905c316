#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identifiers.h"
#include "domain/sessions/standing.h"
#include "simulation/pretence.h"

namespace latchkey::simulation {

// What is asked of a node, or what it does by itself.
enum class Doing : std::uint8_t {
  // with a token
  use,
  refresh,
  logout,
  logout_all,
  change_password,
  delete_devices,
  deactivate,
  // with a password
  login,
  // by an operator
  lock,
  unlock,
  soften,
  soften_everybody,
  soften_session,
  end_session,
  sign_out,
  // by the node itself
  start,
  reconnect,
  first_uses,
  activity,
  beat,
  purge,
  take_keys,
};

std::string_view name_of(Doing doing);

// Whether a person or an operator ends sessions for good by it.
constexpr bool ends_for_good(Doing doing) {
  switch (doing) {
    case Doing::logout:
    case Doing::logout_all:
    case Doing::change_password:
    case Doing::delete_devices:
    case Doing::deactivate:
    case Doing::end_session:
    case Doing::sign_out:
      return true;
    default:
      return false;
  }
}

// A request on its way.
struct Request {
  Doing doing = Doing::use;
  UserId user{};
  std::string localpart;
  // The token that is shown, and what it says of itself.
  std::string token = {};
  SessionId session{};
  sessions::Generation generation = 0;
  std::string device = {};  // of a sign-in; empty: a new one
  std::string password = {};
  std::string new_password = {};
  bool logout_devices = false;
  bool refreshes = true;  // the client takes refresh tokens
  std::vector<std::string> devices = {};
  bool by_thief = false;
};

// What a client is told, as the Client-Server API says it.
struct Answer {
  enum class Word : std::uint8_t {
    good,         // 200
    soft,         // 401, soft_logout: true
    locked,       // 401 M_USER_LOCKED
    hard,         // 401, soft_logout: false
    refused,      // 403: the password, the account
    unavailable,  // 503
  };
  Word word = Word::unavailable;
  sessions::Standing standing = {};
  bool from_memory = false;
  // Of a sign-in or a refresh.
  std::string access = {};
  std::string refresh = {};
  std::string device = {};
  std::string why = {};  // of a 503, for the trace
};

std::string_view name_of(Answer::Word word);

// On whose behalf something is done in the database.
struct Cause {
  Doing doing = Doing::start;
  int node = 0;
  std::uint64_t call = 0;  // 0: the node's own
  const Request* request = nullptr;
};

}  // namespace latchkey::simulation
