#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/sessions/devices.h"
#include "domain/signin/callers.h"

// A user's own devices (spec "Device management"). Their deletion is in own_account.h, for it has
// to be confirmed.
namespace latchkey::self {

class OwnDevices {
 public:
  OwnDevices(const Ground& ground, sessions::Sessions& sessions)
      : ground_(ground), sessions_(sessions) {}

  Task<std::vector<sessions::Device>> list(const signin::Caller& who);
  // Absent: the user has no device of this ID; another's is none of theirs.
  Task<std::optional<sessions::Device>> find(const signin::Caller& who, std::string device_id);
  // Whether the user has such a device, or had one that is deleted now.
  Task<bool> ever_had(const signin::Caller& who, std::string device_id);

  enum class Put { updated, created, no_such_device, too_many };
  // Without a name nothing changes. Only an application service creates (MSC4190).
  Task<Put> put(const signin::Caller& who, std::string device_id,
                std::optional<std::string> display_name);

 private:
  Put create(db::Tx& tx, const signin::Caller& who, const std::string& device_id,
             const std::optional<std::string>& display_name);

  const Ground& ground_;
  sessions::Sessions& sessions_;
};

}  // namespace latchkey::self
