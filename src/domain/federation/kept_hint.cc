#include "domain/federation/kept_hint.h"

#include "domain/keys/sealed_text.h"
#include "platform/text/ulid.h"

namespace latchkey::federation {
namespace {

constexpr std::string_view kPurpose = "latchkey hint of a sign-out";

}  // namespace

std::optional<std::string> sealed_hint(const keys::KeyRing& ring, BrowserSessionId browser,
                                       const Secret& hint) {
  if (hint.empty()) return std::nullopt;
  return keys::seal_text(ring, kPurpose, text::format_id(browser), hint.reveal());
}

std::string open_hint(const keys::KeyRing& ring, const providers::BegunThere& begun) {
  if (!begun.hint) return {};
  return keys::unseal_text(ring, kPurpose, text::format_id(begun.browser), *begun.hint)
      .value_or("");
}

}  // namespace latchkey::federation
