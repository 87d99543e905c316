#pragma once

#include <atomic>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "platform/jose/key.h"
#include "platform/time.h"

namespace latchkey::outbound::oidc::testing {

struct Asked {
  std::string method;
  std::string path;  // with its query
  std::string authorization;
  std::string body;
};

struct Said {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  std::string header = {};  // "Location: …\r\n"
  bool hang = false;        // for ever, or until the other side goes
};

// Answers on 127.0.0.1, one connection after the other.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<Said(const Asked&)> script);
  ~ScriptedServer() { down(); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(std::string_view path = "") const;
  // As one that is stopped, and started at the same port.
  void down();
  void up();

 private:
  void serve(const std::stop_token& stop, int listening) const;
  void answer(const std::stop_token& stop, int socket) const;

  const std::function<Said(const Asked&)> script_;
  int port_ = 0;
  std::jthread thread_;
};

// A provider that does as it is told: honest at first. What a test changes, it changes between
// requests.
class ScriptedProvider {
 public:
  explicit ScriptedProvider(const Clock& clock);

  // Signs, as these or other claims.
  std::function<std::string(boost::json::object)> sign;
  std::function<void(boost::json::object&)> change_claims = [](auto&) {};
  std::function<void(boost::json::object&)> change_tokens = [](auto&) {};
  boost::json::object metadata;
  std::vector<boost::json::object> keys;  // published
  boost::json::object userinfo{
      {"sub", "s1"}, {"preferred_username", "alice"}, {"email", "alice@example.com"}};
  std::map<std::string, Said> instead = {};  // by path
  // Of the sign-in that goes on.
  std::string nonce;
  std::string challenge;

  std::string issuer() const { return server.url("/"); }
  // How often a path was asked for.
  int count(std::string_view path) const;
  // The last request to a path.
  Asked last(std::string_view path) const;
  // Publishes a new key and signs with it, as if the old ones were gone.
  void rotate();
  // Claims of an ID token of now, before they are changed.
  boost::json::object claims() const;
  jose::Key signing_key;

 private:
  Said answer(const Asked& asked);
  Said token(const Asked& asked);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;

 public:
  ScriptedServer server;  // last: it answers from the beginning
};

// The fields of a query or a form.
std::map<std::string, std::string> fields_of(std::string_view text);

}  // namespace latchkey::outbound::oidc::testing
