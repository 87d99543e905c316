#include "domain/oauth/listeners.h"

#include "domain/oauth/authorization_codes.h"
#include "domain/oauth/device_grants.h"

namespace latchkey::oauth {
namespace {

void take_back(db::Tx& tx, std::optional<BrowserSessionId> browser) {
  if (!browser) return;
  delete_codes_of(tx, *browser);
  deny_grants_of(tx, *browser);
}

}  // namespace

void listen(events::Events& events) {
  events.listen<events::PasswordReplaced>(
      [](db::Tx& tx, const events::PasswordReplaced& event) { take_back(tx, event.kept); });
  events.listen<events::SignedOutEverywhere>(
      [](db::Tx& tx, const events::SignedOutEverywhere& event) { take_back(tx, event.kept); });
}

}  // namespace latchkey::oauth
