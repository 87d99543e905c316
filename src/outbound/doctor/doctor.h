#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// What is known without asking.
struct Facts {
  std::string server_name;
  std::string public_url;       // with one slash at its end
  std::string listen;           // the first address of this server, as configured
  bool behind_synapse = false;  // homeserver.kind
  std::string endpoint;         // homeserver.endpoint
  bool trusts_a_proxy = false;  // http.trusted_proxies has entries
  Time now;
};

// An account to sign in to, on a device of its own that goes again.
struct Account {
  std::string name;
  std::string password;
};

enum class At : std::uint8_t {
  here,        // this server itself
  outside,     // public_url, as clients do
  homeserver,  // homeserver.endpoint
  name,        // https://server_name
};

struct Question {
  At at = At::here;
  std::string method = "GET";
  std::string path;
  std::string bearer = {};   // a token; empty: none
  bool with_secret = false;  // of both servers, in place of a token
  std::string body = {};     // JSON, of a POST
};

struct Heard {
  int status = 0;  // 0: nothing came back
  std::string body = {};
  std::string fault = {};  // why nothing came back
  std::optional<Time> date = {};
};

using Ask = std::function<Heard(const Question&)>;

// What others have not been told yet.
struct Waiting {
  std::string consumer;
  std::int64_t count = 0;
  Time oldest;
};

struct Finding {
  enum class Kind : std::uint8_t { good, advice, wrong };
  Kind kind = Kind::good;
  std::string subject;   // "the edge"
  std::string sentence;  // what is so
  std::string change;    // which line to change, and how; empty if it is good
};

std::vector<Finding> examine(const Facts& facts, const Ask& ask,
                             const std::optional<Account>& account,
                             const std::vector<Waiting>& outbox);

// In words, without a line break at the end; and as data, with "ok".
std::string say(const std::vector<Finding>& findings);
boost::json::object as_json(const std::vector<Finding>& findings);
bool healthy(const std::vector<Finding>& findings);

}  // namespace latchkey::doctor
