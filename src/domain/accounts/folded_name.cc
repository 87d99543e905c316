#include "domain/accounts/folded_name.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <stdexcept>

#include "platform/text/utf8.h"

namespace latchkey::accounts {
namespace {

constexpr std::size_t kLongestFolded = 1024;  // bytes; what is longer is nobody's name

}  // namespace

std::string folded_name(std::string_view name) {
  if (name.size() > kLongestFolded || !text::valid_utf8(name)) return std::string(name);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error(u_errorName(status));
  const icu::UnicodeString units = fold->normalize(icu::UnicodeString::fromUTF8(name), status);
  if (U_FAILURE(status)) throw std::runtime_error(u_errorName(status));
  icu::UnicodeString folded;
  for (std::int32_t i = 0; i < units.length(); i = units.moveIndex32(i, 1)) {
    const UChar32 c = units.char32At(i);
    if (!u_isUWhiteSpace(c)) folded.append(c);
  }
  std::string result;
  folded.toUTF8String(result);
  return result;
}

}  // namespace latchkey::accounts
