#pragma once

// How and why sessions end: stored with them, and told to the listeners.
namespace latchkey {

// How. Only ever grows (a deliberate end overwrites a soft one).
enum class Ended : int { live = 0, softly = 1, for_good = 2 };

// Why. Numbers are never used again. docs/formats/sessions.md lists them.
enum class EndReason : int {
  logout = 1,
  logout_all = 2,
  device_deleted = 3,
  password_changed = 4,  // MSC2457 logout_devices
  revoked = 5,           // RFC 7009
  account_deactivated = 6,
  administrator = 7,
  crowded_out = 8,           // the oldest of too many sessions without a device
  device_unused = 9,         // for longer than the configuration keeps devices
  provider_signed_out = 10,  // the identity provider that had begun it says so
  // Softly:
  taken_over = 20,   // a new sign-in to the same device
  token_reuse = 21,  // an older refresh token than the grace allows
  administrator_softly = 22,
  generations_spent = 23,  // 2^24 refreshes: begin anew
  code_reuse = 24,         // an authorization code was shown twice (RFC 6749 section 4.1.2)
  provider_signed_out_softly = 25,
  provider_session_old = 26,  // `session_lifetime` of the identity provider that had begun it
};

}  // namespace latchkey
