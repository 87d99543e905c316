#include "platform/texts/matcher.h"

#include <unicode/localematcher.h>
#include <unicode/locid.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace latchkey::texts {
namespace {

// The locale of a tag; bogus: it is none. "*" and "root" are no languages.
icu::Locale locale_of(std::string_view tag) {
  UErrorCode status = U_ZERO_ERROR;
  icu::Locale locale = icu::Locale::forLanguageTag(tag, status);
  if (U_FAILURE(status) != 0 || *locale.getLanguage() == '\0') locale.setToBogus();
  return locale;
}

icu::LocaleMatcher matcher_of(const std::vector<icu::Locale>& spoken) {
  UErrorCode status = U_ZERO_ERROR;
  icu::LocaleMatcher::Builder builder;
  for (const icu::Locale& locale : spoken) builder.addSupportedLocale(locale);
  icu::LocaleMatcher matcher = builder.setNoDefaultLocale().build(status);
  if (U_FAILURE(status) != 0) throw std::invalid_argument("ICU: no matcher of languages");
  return matcher;
}

std::vector<icu::Locale> locales_of(std::span<const std::string_view> tags) {
  std::vector<icu::Locale> locales;
  for (const std::string_view tag : tags) {
    icu::Locale locale = locale_of(tag);
    if (locale.isBogus() == 0) locales.push_back(std::move(locale));
  }
  return locales;
}

}  // namespace

struct Matcher::Icu {
  explicit Icu(std::span<const std::string_view> tags)
      : spoken(locales_of(tags)), matcher(matcher_of(spoken)) {
    if (spoken.size() != tags.size()) throw std::invalid_argument("no language tag among them");
  }

  std::vector<icu::Locale> spoken;
  icu::LocaleMatcher matcher;
};

Matcher::Matcher(std::vector<std::string_view> spoken) : spoken_(std::move(spoken)) {}

Matcher::~Matcher() = default;

std::optional<std::size_t> Matcher::best(std::span<const std::string_view> wanted) const {
  std::vector<icu::Locale> locales = locales_of(wanted);
  if (locales.empty()) return std::nullopt;
  std::call_once(made_, [this] { icu_ = std::make_unique<const Icu>(spoken_); });
  UErrorCode status = U_ZERO_ERROR;
  icu::Locale::RangeIterator<std::vector<icu::Locale>::iterator> range(locales.begin(),
                                                                       locales.end());
  const auto result = icu_->matcher.getBestMatchResult(range, status);
  if (U_FAILURE(status) != 0 || result.getSupportedIndex() < 0) return std::nullopt;
  return static_cast<std::size_t>(result.getSupportedIndex());
}

}  // namespace latchkey::texts
