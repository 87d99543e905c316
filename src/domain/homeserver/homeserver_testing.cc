#include "domain/homeserver/homeserver_testing.h"

namespace latchkey::homeserver::testing {

template <class Fn>
std::invoke_result_t<Fn&> FakeHomeserver::call(const std::string& line, Fn fn) {
  {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(line);
  }
  if (before) {
    if (auto trouble = before(line)) return std::unexpected(std::move(*trouble));
  }
  auto reply = [&] {
    const std::scoped_lock lock(mutex_);
    return fn();
  }();
  if (after) after(line);
  return reply;
}

template <class Fn>
Reply<> FakeHomeserver::with_user(std::string_view localpart, const std::string& line, Fn fn) {
  return call(line, [&]() -> Reply<> {
    const auto found = users_.find(localpart);
    if (found == users_.end()) {
      return std::unexpected(Trouble{Trouble::Kind::unknown_user, "there is no such user"});
    }
    fn(found->second);
    return {};
  });
}

std::vector<std::string> FakeHomeserver::take_lines() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(lines_, {});
}

std::optional<FakeHomeserver::User> FakeHomeserver::user(std::string_view localpart) {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(localpart);
  return found == users_.end() ? std::nullopt : std::optional(found->second);
}

bool FakeHomeserver::has_device(std::string_view localpart, std::string_view device_id) {
  const auto known = user(localpart);
  return known && known->devices.contains(device_id);
}

Reply<NameState> FakeHomeserver::state_of_name(std::string_view localpart, const CallLimits&) {
  return call("state_of_name " + std::string(localpart),
              [&]() -> Reply<NameState> { return name; });
}

Reply<std::optional<KnownUser>> FakeHomeserver::find_user(std::string_view localpart,
                                                          const CallLimits&) {
  using Found = Reply<std::optional<KnownUser>>;
  return call("find_user " + std::string(localpart), [&]() -> Found {
    const auto found = users_.find(localpart);
    if (found == users_.end()) return std::optional<KnownUser>();
    return KnownUser{.deactivated = found->second.deactivated,
                     .suspended = found->second.suspended};
  });
}

Reply<> FakeHomeserver::put_user(const Person& person, const CallLimits&) {
  return call("put_user " + person.localpart, [&]() -> Reply<> {
    const auto [at, fresh] = users_.try_emplace(person.localpart);
    if (fresh) at->second.display_name = person.display_name;
    at->second.emails = person.emails;
    at->second.locked = person.locked;
    return {};
  });
}

Reply<> FakeHomeserver::set_display_name(std::string_view localpart, std::string_view wanted,
                                         const CallLimits&) {
  return with_user(localpart, "set_display_name " + std::string(localpart),
                   [&](User& user) { user.display_name = wanted; });
}

Reply<> FakeHomeserver::deactivate_user(std::string_view localpart, bool erase, const CallLimits&) {
  return with_user(localpart, "deactivate_user " + std::string(localpart) + (erase ? " erase" : ""),
                   [&](User& user) {
                     user.deactivated = true;
                     user.erased = user.erased || erase;
                     user.devices.clear();
                   });
}

Reply<> FakeHomeserver::reactivate_user(std::string_view localpart, const CallLimits&) {
  return with_user(localpart, "reactivate_user " + std::string(localpart),
                   [](User& user) { user.deactivated = user.erased = false; });
}

Reply<> FakeHomeserver::set_suspended(std::string_view localpart, bool suspended,
                                      const CallLimits&) {
  return with_user(localpart, "set_suspended " + std::string(localpart),
                   [&](User& user) { user.suspended = suspended; });
}

Reply<> FakeHomeserver::allow_cross_signing_reset(std::string_view localpart, const CallLimits&) {
  return with_user(localpart, "allow_cross_signing_reset " + std::string(localpart),
                   [](User& user) { ++user.resets; });
}

Reply<> FakeHomeserver::put_device(std::string_view localpart, std::string_view device_id,
                                   const std::optional<std::string>& name_of_it,
                                   const CallLimits&) {
  return with_user(localpart, "put_device " + std::string(localpart) + " " + std::string(device_id),
                   [&](User& user) {
                     const auto [at, fresh] = user.devices.try_emplace(std::string(device_id));
                     if (name_of_it) at->second = *name_of_it;
                   });
}

Reply<> FakeHomeserver::delete_device(std::string_view localpart, std::string_view device_id,
                                      const CallLimits&) {
  return with_user(localpart,
                   "delete_device " + std::string(localpart) + " " + std::string(device_id),
                   [&](User& user) { user.devices.erase(std::string(device_id)); });
}

}  // namespace latchkey::homeserver::testing
