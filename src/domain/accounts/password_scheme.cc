#include "domain/accounts/password_scheme.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "platform/text/utf8.h"

namespace latchkey::accounts {
namespace {

// NFC makes no text shorter than a third, and sorting a long run of accents takes the square of its
// length.
constexpr std::size_t kLongestTyped = 3 * crypto::kMaxPassword;

struct Scheme {
  std::string_view prefix;
  std::string (*prepare)(std::string_view password);
  crypto::Verdict (*verify)(std::string_view hash, std::string_view prepared,
                            const crypto::Argon2Params& params);
};

// The first is the one of new hashes, and of those that are of none.
constexpr std::array kSchemes{Scheme{"$argon2id$", opaque_string, crypto::argon2id_verify}};

const Scheme& scheme_of(std::string_view hash) {
  const auto* const found = std::ranges::find_if(
      kSchemes, [hash](const Scheme& scheme) { return hash.starts_with(scheme.prefix); });
  return found == kSchemes.end() ? kSchemes.front() : *found;
}

std::vector<std::string> spellings_for(const Scheme& scheme, std::string_view password) {
  std::vector<std::string> result;
  std::string prepared = scheme.prepare(password);
  const bool other = prepared != password;
  if (prepared.size() <= crypto::kMaxPassword) result.push_back(std::move(prepared));
  if (other && password.size() <= crypto::kMaxPassword) result.emplace_back(password);
  return result;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string opaque_string(std::string_view password) {
  std::string typed(password);
  if (is_ascii(typed) || typed.size() > kLongestTyped || !text::valid_utf8(typed)) return typed;
  auto units = icu::UnicodeString::fromUTF8(typed);
  for (std::int32_t i = 0; i < units.length(); ++i) {  // no space is beyond 16 bits
    if (u_charType(units[i]) == U_SPACE_SEPARATOR) units.setCharAt(i, u' ');
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error(u_errorName(status));
  const icu::UnicodeString normal = nfc->normalize(units, status);
  if (U_FAILURE(status)) throw std::runtime_error(u_errorName(status));
  std::string prepared;
  normal.toUTF8String(prepared);
  const bool fits = prepared.size() <= crypto::kMaxPassword;
  return fits || typed.size() > crypto::kMaxPassword ? prepared : typed;
}

CharacterClasses classes_of(std::string_view text) {
  const auto units = icu::UnicodeString::fromUTF8(text);
  CharacterClasses classes;
  for (std::int32_t i = 0; i < units.length(); i = units.moveIndex32(i, 1)) {
    const UChar32 c = units.char32At(i);
    const bool mark = (U_MASK(u_charType(c)) & U_GC_M_MASK) != 0;
    if (u_isdigit(c) != 0) {
      classes.digit = true;
    } else if (u_isULowercase(c) != 0) {
      classes.lowercase = true;
    } else if (u_isUUppercase(c) != 0) {
      classes.uppercase = true;
    } else if (u_isalpha(c) == 0 && !mark) {
      classes.symbol = true;
    }
  }
  return classes;
}

std::string hash_password(std::string_view password, const crypto::Argon2Params& params) {
  return crypto::argon2id_hash(opaque_string(password), params);
}

std::vector<std::string> spellings(std::string_view password) {
  return spellings_for(kSchemes.front(), password);
}

crypto::Verdict verify_password(std::string_view hash, std::string_view password,
                                const crypto::Argon2Params& params) {
  using crypto::Verdict;
  const Scheme& scheme = scheme_of(hash);
  const auto tried = spellings_for(scheme, password);
  if (tried.empty()) static_cast<void>(scheme.verify(hash, {}, params));
  for (std::size_t i = 0; i < tried.size(); ++i) {
    const Verdict verdict = scheme.verify(hash, tried[i], params);
    if (verdict == Verdict::no) continue;
    const bool outdated = i > 0 || &scheme != &kSchemes.front();
    return outdated ? Verdict::yes_but_rehash : verdict;
  }
  return Verdict::no;
}

}  // namespace latchkey::accounts
