#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ground/batches.h"
#include "domain/oauth/authorization_codes.h"
#include "domain/oauth/polling.h"

// The device authorization grant (RFC 8628; spec "Device authorisation grant").
namespace latchkey::oauth {

// What a device shows to its person, and asks with.
struct DeviceAuthorization {
  std::string device_code;
  std::string user_code;
  Duration lifetime;
  Duration interval;
};

// What the person is asked about: decided by nobody yet.
struct PendingDevice {
  std::shared_ptr<const clients::Client> client;
  Scope scope;
  sessions::Origin origin;  // of the device that asks
  Time created_at;
};

class DeviceGrants {
 public:
  DeviceGrants(const Ground& ground, sessions::Sessions& sessions, clients::Clients& clients)
      : ground_(ground), sessions_(sessions), clients_(clients) {}

  Task<DeviceAuthorization> begin(const clients::Client& client, Scope scope,
                                  sessions::Origin origin);

  // As read_user_code() gives it. Absent: no device waits with this code.
  Task<std::optional<PendingDevice>> find(std::string user_code);

  // False: it was decided or has expired meanwhile, or the browser is signed out.
  Task<bool> decide(const signin::BrowserSession& browser, std::string user_code, bool allow);

  // The session, once the person has said yes. A device that asks again after a lost answer gets
  // the same tokens for a minute.
  Task<std::expected<Granted, GrantRefused>> poll(std::size_t worker, const clients::Client& client,
                                                  std::string device_code, sessions::Origin origin);

  void purge(const Batches& batches = {});

 private:
  const Ground& ground_;
  sessions::Sessions& sessions_;
  clients::Clients& clients_;
  Polling polling_;
};

// What a browser has allowed and no device has fetched yet.
void deny_grants_of(db::Tx& tx, BrowserSessionId browser);

}  // namespace latchkey::oauth
