#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/ground/ground.h"
#include "domain/homeserver/homeserver.h"
#include "domain/outbox/outbox.h"
#include "platform/task.h"
#include "platform/threads/work_pool.h"

// Repairs drift: what somebody has changed at the homeserver behind this server's back, what was
// there before this server, what a restored backup of one of the two lacks. What can be asked is
// asked (the user, by query_user); of devices the homeserver tells nothing, so those that are here
// are made once more and those that were here are deleted once more, which changes nothing where it
// is right. Devices that this server has never had stay: application services make some of their
// own.
namespace latchkey::homeserver {

enum class Drift : std::uint8_t {
  unknown_there,
  active_there,       // and deactivated here
  deactivated_there,  // and not here
  suspended_there,    // and not here
  not_suspended_there,
};

class Sync {
 public:
  struct Parts {
    const Ground& ground;
    Homeserver& homeserver;
    outbox::Outbox& outbox;
    std::string server_name;
  };
  explicit Sync(Parts parts) : parts_(std::move(parts)), pool_(1, 100, /*nice=*/0) {}

  struct Difference {
    std::string localpart;
    Drift drift{};
  };
  struct Report {
    std::int64_t accounts = 0;
    std::int64_t devices = 0;  // that are here
    std::int64_t deleted = 0;  // that were
    std::vector<Difference> differences;
  };
  struct Account;
  // Of one user, as an operator types it, or of all. With `apply` the homeserver is told everything
  // once more, by the outbox. Absent: there is no such user. Throws Unavailable.
  Task<std::optional<Report>> run(std::optional<std::string> name, bool apply);
  // Of so many accounts at most, by chance, and without a change. Throws Unavailable.
  Task<Report> sample(std::int64_t most);

 private:
  Task<void> look(const Account& account, Report& report);
  void tell(db::Tx& tx, const Account& account);

  const Parts parts_;
  threads::WorkPool pool_;
};

}  // namespace latchkey::homeserver
