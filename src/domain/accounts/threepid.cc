#include "domain/accounts/threepid.h"

#include <phonenumbers/phonenumberutil.h>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <memory>

namespace latchkey::accounts {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets.
constexpr std::size_t kLongestEmail = 254;
// As people type one: at most 15 digits, what stands between them, and what is dialled before.
constexpr std::size_t kLongestPhone = 40;
constexpr std::size_t kLongestE164 = 15;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// UTF-8 without white space, control and format characters, and without what surrounds an
// address elsewhere ("Alice <alice@example.com>", "mailto:").
bool only_address_characters(std::string_view text) {
  std::array<UChar, kLongestEmail> units{};  // never more than there are bytes
  std::int32_t count = 0;
  UErrorCode fault = U_ZERO_ERROR;
  u_strFromUTF8(units.data(), units.size(), &count, text.data(),
                static_cast<std::int32_t>(text.size()), &fault);
  if (U_FAILURE(fault)) return false;
  // None of the refused is beyond 16 bits.
  return std::none_of(units.begin(), units.begin() + count, [](UChar c) {
    return u_isUWhiteSpace(c) || u_iscntrl(c) || c == '<' || c == '>' || c == ':';
  });
}

// Full case folding (Unicode, "Caseless Matching"). A text may grow by it, three times at most.
std::optional<std::string> fold_case(std::string_view text) {
  UErrorCode fault = U_ZERO_ERROR;
  const std::unique_ptr<UCaseMap, decltype(&ucasemap_close)> map(
      ucasemap_open("", U_FOLD_CASE_DEFAULT, &fault), ucasemap_close);
  std::string folded(text.size() * 3, '\0');
  const std::int32_t size =
      ucasemap_utf8FoldCase(map.get(), folded.data(), static_cast<std::int32_t>(folded.size()),
                            text.data(), static_cast<std::int32_t>(text.size()), &fault);
  if (U_FAILURE(fault) || size < 0) return std::nullopt;
  folded.resize(static_cast<std::size_t>(size));
  return folded;
}

std::optional<Threepid> canonical_email(std::string_view address) {
  address = trim(address);
  if (address.size() > kLongestEmail) return std::nullopt;
  const auto at = address.find('@');
  if (at == 0 || at == address.npos || at + 1 == address.size() || address.rfind('@') != at ||
      !only_address_characters(address)) {
    return std::nullopt;
  }
  auto folded = fold_case(address);
  if (!folded || folded->size() > kLongestEmail) return std::nullopt;
  return Threepid{"email", std::move(*folded)};
}

// What the library takes besides (letters for digits, extensions, "tel:") names no number that
// one could sign in with.
bool written_like_a_number(std::string_view number) {
  if (number.starts_with('+')) number.remove_prefix(1);
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || std::string_view(" -.()/").contains(c);
  };
  return !number.empty() && number.size() <= kLongestPhone && std::ranges::all_of(number, allowed);
}

// `region` "ZZ" is the library's word for none: the number must be in international form.
std::optional<Threepid> parse_phone(const std::string& region, const std::string& number) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber parsed;
  if (util.Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR) {
    return std::nullopt;
  }
  // Possible, not valid: which numbers are given out changes faster than the library.
  if (!util.IsPossibleNumber(parsed)) return std::nullopt;
  std::string e164;
  util.Format(parsed, PhoneNumberUtil::E164, &e164);
  if (!e164.starts_with('+') || e164.size() > kLongestE164 + 1) return std::nullopt;
  return Threepid{"msisdn", e164.substr(1)};
}

}  // namespace

std::optional<Threepid> canonical_threepid(std::string_view medium, std::string_view address) {
  if (medium == "email") return canonical_email(address);
  if (medium != "msisdn") return std::nullopt;
  address = trim(address);
  if (!written_like_a_number(address)) return std::nullopt;
  if (address.starts_with('+')) address.remove_prefix(1);
  return parse_phone("ZZ", std::string("+").append(address));
}

std::optional<Threepid> canonical_phone(std::string_view country, std::string_view number) {
  std::string region(country);
  std::ranges::transform(region, region.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  // A country that the library does not know would pass with a number in international form.
  if (PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(region) == 0) return std::nullopt;
  number = trim(number);
  if (!written_like_a_number(number)) return std::nullopt;
  return parse_phone(region, std::string(number));
}

}  // namespace latchkey::accounts
