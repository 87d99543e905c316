#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/homeserver/homeserver.h"
#include "platform/task.h"
#include "platform/threads/work_pool.h"

// What the homeserver says of itself in GET /capabilities, for this server to lay its own answer
// over: behind delegation Synapse says that nobody can change a password, and of room versions only
// it knows.
//
// The answer may differ between users (an administrator's has more), hardly ever between two
// moments: so each user's is kept for a while, and when the homeserver does not answer an old one
// is as good.
namespace latchkey::homeserver {

// Whose answer is wanted: the access token of the request, and of an application service the user
// in whose name it asks (empty: a person's).
struct Asking {
  std::string token;
  std::string as_user;
};

class Capabilities {
 public:
  // The member "capabilities" of the homeserver's answer. Waits for it.
  using Ask = std::function<Reply<boost::json::object>(const Asking& asking, const CallLimits&)>;
  struct Options {
    Duration kept = std::chrono::minutes{1};
    Duration patience = std::chrono::seconds{5};
    std::size_t users = 1'000;  // whose answers are kept, the latest
    std::size_t threads = 4;    // clients that wait for the homeserver at once
    std::size_t queue = 500;    // and those that wait for one of these
  };

  explicit Capabilities(Ask ask) : Capabilities(std::move(ask), Options{}) {}
  Capabilities(Ask ask, Options options);
  // Ends the calls that run; those who wait get what was known.
  ~Capabilities();
  Capabilities(const Capabilities&) = delete;
  Capabilities& operator=(const Capabilities&) = delete;

  // What it says to that user: now, or lately, or once. Somebody else's answer where it has never
  // told this user. Throws Unavailable when it has told nobody.
  Task<boost::json::object> of(std::string localpart, Asking asking);

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Kept {
    std::string localpart;
    boost::json::object said;
    Moment at;
  };
  std::optional<boost::json::object> find(const std::string& localpart, Moment since);
  void keep(const std::string& localpart, const boost::json::object& said);

  const Ask ask_;
  const Options options_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // the latest first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_user_;
  std::optional<threads::WorkPool> pool_;  // last: its threads use the rest
};

}  // namespace latchkey::homeserver
