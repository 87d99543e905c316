#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/password_rules.h"
#include "platform/crypto/argon2id.h"

namespace latchkey::accounts {

// A stored hash says by its beginning of which scheme it is. The scheme is how the hash is made and
// also what is done to the password before: keyboards write one and the same letter in several ways
// ("ä", or "a" and a combining diaeresis), and a hash is only found again by what it was made of.
// Hashes that are made here are argon2id of the OpaqueString profile.

// A password by the OpaqueString profile (RFC 8265 section 4.2): every space is the ASCII one, and
// the rest is in Unicode's form NFC. The profile's list of what a password may not contain is not
// applied: it is bound to a version of Unicode, and this year's emoji are not in last year's. What
// is not text, and what only this makes longer than a hash takes, stays as it is.
std::string opaque_string(std::string_view password);

// Whether two that were typed are one password.
inline bool same_password(std::string_view one, std::string_view other) {
  return opaque_string(one) == opaque_string(other);
}

// The classes of the characters of a text, in any script. Accents belong to their letters.
CharacterClasses classes_of(std::string_view text);

// A hash of the password, by the scheme of this version. As slow and with the same limits as
// crypto::argon2id_hash().
std::string hash_password(std::string_view password, const crypto::Argon2Params& params);

// What a password is held against a hash as, one after the other: prepared and, if that is
// something else, as it was typed: hashes made before passwords were prepared are of that. A
// password that is ASCII or in NFC already is there once, and costs what it did; one that is too
// long is not there.
std::vector<std::string> spellings(std::string_view password);

// Whether the hash is of this password; anew, if it is of what was typed or of other parameters.
// One that is longer than a hash takes is wrong, and takes as long as other wrong ones.
crypto::Verdict verify_password(std::string_view hash, std::string_view password,
                                const crypto::Argon2Params& params);

}  // namespace latchkey::accounts
