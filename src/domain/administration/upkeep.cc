#include "domain/administration/upkeep.h"

#include <utility>

#include "domain/keys/key_file.h"
#include "platform/db/database.h"
#include "platform/text/utf8.h"

namespace latchkey::administration {
namespace {

using Why = AdminRefused::Why;

// Of operators, who wait for it.
constexpr std::size_t kMostWaiting = 8;

// What was wrong, in a sentence of keys/key_file.h or the database's; absent: nothing.
using Fault = std::optional<std::string>;

std::expected<void, AdminRefused> answer(std::optional<Fault> done) {
  if (!done) return std::unexpected(AdminRefused{.why = Why::upkeep_busy});
  if (*done) return std::unexpected(AdminRefused{.why = Why::not_done, .subject = **done});
  return {};
}

}  // namespace

Upkeep::Upkeep(const Ground& ground, sessions::Sessions& sessions, Administration& administration,
               std::function<void(const std::string& path)> backup)
    : ground_(ground),
      sessions_(sessions),
      administration_(administration),
      backup_(std::move(backup)),
      thread_(1, kMostWaiting) {}

template <auto change>
Task<Upkeep::Result<>> Upkeep::change_keys(Operator by, std::string action) {
  const auto done = answer(co_await thread_.run([this]() -> Fault {
    auto keys = change(ground_.db, sessions_.key_file(), ground_.clock.now());
    if (!keys) return keys.error();
    // Before the next change: the ring in use is the newest.
    sessions_.use_keys(std::move(*keys));
    return std::nullopt;
  }));
  if (done) co_await administration_.record(std::move(by), std::move(action), "server keys");
  co_return done;
}

Task<Upkeep::Result<>> Upkeep::rotate_keys(Operator by) {
  return change_keys<&keys::rotate_keys>(std::move(by), "keys rotate");
}

Task<Upkeep::Result<>> Upkeep::replace_keys(Operator by) {
  return change_keys<&keys::replace_keys>(std::move(by), "keys replace");
}

Task<Upkeep::Result<>> Upkeep::backup(Operator by, std::string path) {
  const auto done = answer(co_await thread_.run([&]() -> Fault {
    try {
      backup_(path);
    } catch (const db::Refused& refused) {
      return refused.what();
    }
    return std::nullopt;
  }));
  if (done) {
    co_await administration_.record(std::move(by), "backup", "database",
                                    text::valid_utf8(path) ? path : "");
  }
  co_return done;
}

}  // namespace latchkey::administration
