#pragma once

#include <optional>
#include <string>

#include "domain/keys/key_ring.h"
#include "domain/providers/provider_session_rows.h"
#include "platform/secret.h"

// What a provider wants to see again when somebody signs out there (providers::ProviderSession): an
// ID token says who somebody is, so the database keeps it sealed.
namespace latchkey::federation {

// Absent: there is none. Without it the provider asks its person.
std::optional<std::string> sealed_hint(const keys::KeyRing& ring, BrowserSessionId browser,
                                       const Secret& hint);
// Empty: there is none, or the key is gone that it was sealed with.
std::string open_hint(const keys::KeyRing& ring, const providers::BegunThere& begun);

}  // namespace latchkey::federation
