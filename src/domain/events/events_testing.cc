#include "domain/events/events_testing.h"

#include <utility>

namespace latchkey::events::testing {
namespace {

std::string number(auto value) { return " (" + std::to_string(std::to_underlying(value)) + ")"; }

std::string said(const AccountCreated& event) { return "account created " + event.localpart; }
std::string said(const AccountLocked&) { return "account locked"; }
std::string said(const AccountUnlocked&) { return "account unlocked"; }
std::string said(const AccountSuspended&) { return "account suspended"; }
std::string said(const AccountUnsuspended&) { return "account unsuspended"; }
std::string said(const AdministratorChanged& event) {
  return event.admin ? "administrator" : "no administrator";
}
std::string said(const AccountDeactivated&) { return "account deactivated"; }
std::string said(const AccountErased&) { return "account erased"; }
std::string said(const AccountReactivated&) { return "account reactivated"; }
std::string said(const DisplayNameChanged& event) {
  return "display name " + event.name.value_or("none");
}
std::string said(const AddressesChanged&) { return "addresses changed"; }
std::string said(const LinkRemoved&) { return "link removed"; }
std::string said(const CrossSigningResetAllowed&) { return "cross-signing reset allowed"; }
std::string said(const PasswordReplaced& event) {
  return "password replaced" + number(event.why) + (event.kept ? " except here" : "");
}
std::string said(const DeviceAdded& event) {
  return "device added " + event.device_id + " " + event.display_name.value_or("unnamed");
}
std::string said(const DeviceRenamed& event) {
  return "device renamed " + event.device_id + " " + event.display_name;
}
std::string said(const DeviceDeleted& event) {
  return "device deleted " + event.device_id + number(event.why);
}
std::string said(const SessionStarted& event) {
  return event.device ? "session started" : "session without a device started";
}
std::string said(const SessionEnded& event) {
  return (event.how == Ended::softly ? "session ended softly" : "session ended") +
         number(event.why);
}
std::string said(const SignedOutEverywhere& event) {
  return "signed out everywhere" + number(event.why) + (event.kept ? " except here" : "");
}
std::string said(const EverybodySignedOut& event) {
  return "everybody signed out" + number(event.why);
}
std::string said(const BrowserStarted&) { return "browser started"; }
std::string said(const BrowserEnded&) { return "browser ended"; }

template <class... All>
void listen_to(Events& events, std::vector<std::string>& lines, const std::tuple<All...>*) {
  (events.listen<All>([&lines](db::Tx&, const All& event) { lines.push_back(said(event)); }), ...);
}

}  // namespace

Heard::Heard(Events& events) { listen_to(events, lines_, static_cast<const AllEvents*>(nullptr)); }

}  // namespace latchkey::events::testing
