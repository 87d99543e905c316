#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outbound/doctor/findings.h"
#include "outbound/doctor/hearing.h"
#include "platform/secret.h"
#include "platform/time.h"

// latchkey doctor: looks at a deployment as a client does, from outside, and says in a sentence
// what is wrong and which line to change.
//
// Most is found by asking the same twice: at the address that clients use, and at the server to
// which the request should come. What differs went elsewhere. A token that nobody has made shows
// who judges tokens, and whether the homeserver and this server understand each other, without an
// account. With one, a session begins, is used, and ends, and must end at once.
//
// The judgements are functions of what was heard; who asks is given (fetch.h, or a test).
namespace latchkey::doctor {

// An account to sign in to, on a device of its own that goes again.
struct Account {
  std::string name;
  Secret password;
};

// What others have not been told yet.
struct Waiting {
  std::string consumer;
  std::int64_t count = 0;
  Time oldest;
};

// What it will never be told, since this server began.
struct Dropped {
  std::string consumer;
  std::int64_t count = 0;
};

// An account that is not the same at the homeserver.
struct Different {
  std::string localpart;
  std::string how;  // "is suspended there and not here"
};

// What the running server says of itself.
struct Inside {
  std::vector<Waiting> outbox = {};
  std::vector<Dropped> dropped = {};
  std::int64_t compared = 0;  // accounts, with the homeserver's
  std::vector<Different> differences = {};
};

std::vector<Finding> examine(const Facts& facts, const Ask& ask,
                             const std::optional<Account>& account, const Inside& inside);

}  // namespace latchkey::doctor
