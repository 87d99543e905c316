#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/homeserver/homeserver.h"

namespace latchkey::homeserver::testing {

// A homeserver in memory: users with their devices, and what it was asked, a line each.
class FakeHomeserver final : public Homeserver {
 public:
  struct User {
    std::string display_name;
    std::vector<std::string> emails;
    bool locked = false;
    bool deactivated = false;
    bool erased = false;
    bool suspended = false;
    int resets = 0;
    std::map<std::string, std::string, std::less<>> devices;  // to their names
  };

  // Before a call does anything, with its line: a trouble in its place. And when it has.
  std::function<std::optional<Trouble>(const std::string& line)> before;
  std::function<void(const std::string& line)> after;
  NameState name = NameState::free;

  // What it was asked since the last time.
  std::vector<std::string> take_lines();
  // A copy; absent: it knows no such user.
  std::optional<User> user(std::string_view localpart);
  bool has_device(std::string_view localpart, std::string_view device_id);

  Reply<NameState> state_of_name(std::string_view localpart, const CallLimits& limits) override;
  Reply<std::optional<KnownUser>> find_user(std::string_view localpart,
                                            const CallLimits& limits) override;
  Reply<> put_user(const Person& person, const CallLimits& limits) override;
  Reply<> set_display_name(std::string_view localpart, std::string_view name,
                           const CallLimits& limits) override;
  Reply<> deactivate_user(std::string_view localpart, bool erase,
                          const CallLimits& limits) override;
  Reply<> reactivate_user(std::string_view localpart, const CallLimits& limits) override;
  Reply<> set_suspended(std::string_view localpart, bool suspended,
                        const CallLimits& limits) override;
  Reply<> allow_cross_signing_reset(std::string_view localpart, const CallLimits& limits) override;
  Reply<> put_device(std::string_view localpart, std::string_view device_id,
                     const std::optional<std::string>& name, const CallLimits& limits) override;
  Reply<> delete_device(std::string_view localpart, std::string_view device_id,
                        const CallLimits& limits) override;

 private:
  // Notes the line, asks `before`, does it, tells `after`.
  template <class Fn>
  std::invoke_result_t<Fn&> call(const std::string& line, Fn fn);
  // The same with the user, who has to be known.
  template <class Fn>
  Reply<> with_user(std::string_view localpart, const std::string& line, Fn fn);

  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::map<std::string, User, std::less<>> users_;
};

}  // namespace latchkey::homeserver::testing
