#include "platform/texts/language.h"

#include <unicode/datefmt.h>
#include <unicode/listformatter.h>
#include <unicode/locid.h>
#include <unicode/msgfmt.h>
#include <unicode/reldatefmt.h>
#include <unicode/strenum.h>
#include <unicode/timezone.h>
#include <unicode/ubidi.h>

#include <stdexcept>
#include <vector>

#include "platform/text/shown.h"

namespace latchkey::texts {
namespace {

using namespace std::chrono_literals;

// Keep what is between them from mixing with what runs the other way around it (UAX #9).
constexpr std::string_view kIsolate = "\u2068";  // in the direction that its first letter has
constexpr std::string_view kEndIsolate = "\u2069";
constexpr std::string_view kLeftToRightMark = "\u200e";
constexpr std::string_view kRightToLeftMark = "\u200f";

void check(UErrorCode status, std::string_view what) {
  if (U_FAILURE(status)) {
    throw std::invalid_argument("ICU: " + std::string(what) + ": " + u_errorName(status));
  }
}

icu::Locale locale_of(std::string_view code) {
  UErrorCode status = U_ZERO_ERROR;
  icu::Locale locale = icu::Locale::forLanguageTag(code, status);
  check(status, code);
  return locale;
}

std::string utf8(const icu::UnicodeString& text) {
  std::string result;
  text.toUTF8String(result);
  return result;
}

std::string isolated(std::string_view text) {
  std::string result(kIsolate);
  return result.append(text).append(kEndIsolate);
}

// ICU makes what a pattern counts and writes numbers with at its first use, unguarded; afterwards
// formatting changes nothing. Numbers are good for a parameter of any kind.
void use_once(icu::MessageFormat& format, UErrorCode& status) {
  const std::unique_ptr<icu::StringEnumeration> names(format.getFormatNames(status));
  std::vector<icu::UnicodeString> keys;
  if (U_FAILURE(status)) return;
  while (const icu::UnicodeString* name = names->snext(status)) keys.push_back(*name);
  const std::vector<icu::Formattable> values(keys.size(), icu::Formattable(std::int64_t{1}));
  icu::UnicodeString result;
  format.format(keys.data(), values.data(), static_cast<std::int32_t>(keys.size()), result, status);
}

std::unique_ptr<const icu::MessageFormat> parse(std::string_view pattern,
                                                const icu::Locale& locale) {
  UErrorCode status = U_ZERO_ERROR;
  auto format =
      std::make_unique<icu::MessageFormat>(icu::UnicodeString::fromUTF8(pattern), locale, status);
  if (U_SUCCESS(status)) use_once(*format, status);
  check(status, pattern);
  return format;
}

icu::RelativeDateTimeFormatter relative_times(const icu::Locale& locale) {
  UErrorCode status = U_ZERO_ERROR;
  icu::RelativeDateTimeFormatter formatter(locale, status);
  check(status, "relative times");
  return formatter;
}

std::unique_ptr<const icu::ListFormatter> lists(const icu::Locale& locale) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<const icu::ListFormatter> formatter(
      icu::ListFormatter::createInstance(locale, status));
  check(status, "lists");
  return formatter;
}

std::unique_ptr<const icu::DateFormat> dates(const icu::Locale& locale) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::DateFormat> format(
      icu::DateFormat::createInstanceForSkeleton("yMMMd", locale, status));
  check(status, "dates");
  format->adoptTimeZone(icu::TimeZone::getGMT()->clone());
  return format;
}

}  // namespace

struct Language::Parts {
  Parts(const Translation& own, const Translation& base)
      : locale(locale_of(own.code)),
        base_locale(locale_of(base.code)),
        right_to_left(locale.isRightToLeft()),
        turned(right_to_left != static_cast<bool>(base_locale.isRightToLeft())),
        relative(relative_times(locale)),
        list(lists(locale)),
        date(dates(locale)) {
    for (std::size_t i = 0; i < base.texts.size(); ++i) {
      lacking.push_back(own.texts[i].empty() ? borrowed(base.texts[i]) : std::string());
    }
    for (std::size_t i = 0; i < base.patterns.size(); ++i) {
      const std::string_view pattern = own.patterns[i];
      patterns.push_back(pattern.empty() ? parse(borrowed(base.patterns[i]), base_locale)
                                         : parse(pattern, locale));
    }
  }

  // What the language says in the words of another: its full stop stands at its own end.
  std::string borrowed(std::string_view text) const {
    return turned ? isolated(text) : std::string(text);
  }

  // A name may run the other way than the text around it.
  icu::UnicodeString name(std::string_view value) const {
    const std::string shown = text::shown(value);
    icu::UnicodeString text = icu::UnicodeString::fromUTF8(shown);
    const bool mixed =
        right_to_left || ubidi_getBaseDirection(text.getBuffer(), text.length()) == UBIDI_RTL;
    return mixed ? icu::UnicodeString::fromUTF8(isolated(shown)) : text;
  }

  icu::Locale locale;
  icu::Locale base_locale;
  bool right_to_left;
  bool turned;                       // runs the other way than the language that stands in
  std::vector<std::string> lacking;  // what stands in for a text; empty: the language has its own
  std::vector<std::unique_ptr<const icu::MessageFormat>> patterns;
  icu::RelativeDateTimeFormatter relative;
  std::unique_ptr<const icu::ListFormatter> list;
  std::unique_ptr<const icu::DateFormat> date;
};

Language::Language(const Translation& own, const Translation& base) : own_(own), base_(base) {}

Language::~Language() = default;

const Language::Parts& Language::parts() const {
  std::call_once(made_, [this] { parts_ = std::make_unique<const Parts>(own_, base_); });
  return *parts_;
}

std::string_view Language::code() const { return own_.code; }

std::string_view Language::name() const { return own_.name; }

std::string_view Language::direction() const { return parts().right_to_left ? "rtl" : "ltr"; }

std::string_view Language::say(Text text) const {
  const auto place = static_cast<std::size_t>(text);
  const std::string_view own = own_.texts[place];
  return own.empty() ? std::string_view(parts().lacking.at(place)) : own;
}

std::string Language::fill(Pattern pattern, std::span<const Argument> arguments) const {
  std::vector<icu::UnicodeString> names;
  std::vector<icu::Formattable> values;
  for (const auto& [name, value] : arguments) {
    names.push_back(icu::UnicodeString::fromUTF8(name));
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      values.emplace_back(*number);
    } else {
      values.emplace_back(parts().name(std::get<std::string_view>(value)));
    }
  }
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result;
  parts()
      .patterns.at(static_cast<std::size_t>(pattern))
      ->format(names.data(), values.data(), static_cast<std::int32_t>(names.size()), result,
               status);
  check(status, "text");
  std::string said = utf8(result);
  // Where the direction is guessed from the first letter (<bdi>, the title of a window), that of
  // the sentence counts, not that of the name it begins with.
  if (said.starts_with(kIsolate)) {
    said.insert(0, parts().right_to_left ? kRightToLeftMark : kLeftToRightMark);
  }
  return said;
}

std::string Language::ago(Time time, Time now) const {
  const Duration past = now - time;
  if (past < 1min) return std::string(say(Text::just_now));
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result;
  const auto back = [&](std::int64_t number, URelativeDateTimeUnit unit) {
    parts().relative.formatNumeric(-static_cast<double>(number), unit, result, status);
  };
  if (past < 1h) {
    back(past / 1min, UDAT_REL_UNIT_MINUTE);
  } else if (past < 24h) {
    back(past / 1h, UDAT_REL_UNIT_HOUR);
  } else if (past < 24h * 7) {
    back(past / 24h, UDAT_REL_UNIT_DAY);
  } else {
    parts().date->format(static_cast<UDate>(to_millis(time)), result);
  }
  check(status, "time");
  return utf8(result);
}

std::string Language::list(std::span<const std::string> items) const {
  std::vector<icu::UnicodeString> names;
  for (const std::string& item : items) names.push_back(parts().name(item));
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result;
  parts().list->format(names.data(), static_cast<std::int32_t>(names.size()), result, status);
  check(status, "list");
  return utf8(result);
}

}  // namespace latchkey::texts
