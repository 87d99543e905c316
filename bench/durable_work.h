#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bench/store.h"
#include "platform/task.h"

// What clients have written durably, without HTTP and without passwords: what the database alone
// can do.
namespace latchkey::bench {

class DurableWork {
 public:
  virtual ~DurableWork() = default;
  // Before the clock runs: what one caller needs to begin with.
  virtual Task<void> prepare(std::size_t caller) = 0;
  // Durable when it returns. `number` is another each time.
  virtual Task<void> once(std::size_t caller, std::size_t number) = 0;
};

// As PasswordSignin::login does it, except the hash. `users`: how many the store has.
std::unique_ptr<DurableWork> logins(Store& store, std::size_t users);
// Each caller refreshes a session of its own, again and again.
std::unique_ptr<DurableWork> refreshes(Store& store);
// A code for a browser that is signed in, redeemed for a session on a new device.
std::unique_ptr<DurableWork> code_flows(Store& store);

}  // namespace latchkey::bench
