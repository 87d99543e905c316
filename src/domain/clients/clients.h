#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/clients/client.h"
#include "domain/clients/client_auth.h"
#include "domain/clients/client_metadata.h"
#include "domain/ground/batches.h"
#include "domain/ground/ground.h"
#include "platform/task.h"

// The clients this server knows: those of the configuration and those that registered themselves.
namespace latchkey::clients {

class Clients {
 public:
  // `hosts`: of those that register themselves.
  Clients(const Ground& ground, std::vector<Client> configured, Hosts hosts = Hosts::public_names);

  // Null: nobody's client_id. A registered client is remembered for a minute, also when it is
  // cleaned up meanwhile: its ID follows from its metadata, so what is remembered is never wrong.
  Task<std::shared_ptr<const Client>> find(std::string client_id);

  struct Registered {
    std::shared_ptr<const Client> client;
    boost::json::object metadata;  // as it is answered (RFC 7591 section 3.2.1)
    Time issued_at;
  };
  // Identical metadata share a client. Its ID follows from them: who registers again what was
  // cleaned up in the meantime gets the ID it had. `may_add`, if given, is asked before a new
  // one is kept, or one with which nobody has signed in is kept for longer.
  Task<std::expected<Registered, RegistrationError>> register_client(
      boost::json::object metadata, std::function<bool()> may_add = {});

  // In the caller's transaction: the client was signed in with, so it is not cleaned up.
  void note_use(db::Tx& tx, std::string_view client_id);

  // Notes an assertion as used (RFC 7523 section 3: good once). False: it was used before.
  Task<bool> first_use(const AssertionUse& use);

  // Deletes registrations with which nobody has signed in within a day, or for a month, and that no
  // session names which is live or can come back; and used assertions that have expired.
  void purge(const Batches& batches = {});

 private:
  struct Remembered {
    std::shared_ptr<const Client> client;
    Time read_at;
  };
  std::shared_ptr<const Client> remembered(const std::string& client_id) const;
  void remember(std::shared_ptr<const Client> client);

  const Ground& ground_;
  const Hosts hosts_;
  std::vector<std::shared_ptr<const Client>> configured_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Remembered> remembered_;  // registered ones, by client_id
};

}  // namespace latchkey::clients
