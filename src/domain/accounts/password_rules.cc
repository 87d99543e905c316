#include "domain/accounts/password_rules.h"

#include <zxcvbn.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "domain/accounts/password_scheme.h"
#include "platform/crypto/argon2id.h"
#include "platform/text/utf8.h"

namespace latchkey::accounts {
namespace {

// 40 bytes of digits take zxcvbn up to 25 ms, 50 take it 35 and 100 a multiple.
constexpr std::size_t kLooksAt = 40;

// Shorter parts of a name are in everybody's passwords.
constexpr std::size_t kShortestPart = 3;

struct FreeMatches {
  void operator()(ZxcMatch_t* matches) const { ZxcvbnFreeInfo(matches); }
};

// zxcvbn's scale: a score is reached with so many guesses, as powers of ten.
unsigned score_of(double bits) {
  const double power = bits * std::log10(2.0);
  unsigned score = 0;
  for (const double reached : {3.0, 6.0, 8.0, 10.0}) score += power >= reached ? 1 : 0;
  return score;
}

bool is_known_word(const ZxcMatch_t& match) {
  const unsigned type = static_cast<unsigned>(match.Type) & ~static_cast<unsigned>(MULTIPLE_MATCH);
  return type == USER_MATCH || type == USER_LEET_MATCH;
}

// The name as a whole and what stands between its signs: "alice.example" is alice and example too.
void add_words(std::vector<std::string>& words, std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view rest = lower;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("._=-/+:[]"), rest.size());
    if (end >= kShortestPart) words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (lower.size() >= kShortestPart) words.push_back(std::move(lower));
}

CharacterClasses lacking(const CharacterClasses& required, const CharacterClasses& there) {
  return {.digit = required.digit && !there.digit,
          .lowercase = required.lowercase && !there.lowercase,
          .uppercase = required.uppercase && !there.uppercase,
          .symbol = required.symbol && !there.symbol};
}

}  // namespace

Guessability estimate_guesses(std::string_view password, const std::vector<std::string>& known) {
  std::string text(text::truncate_utf8(password, kLooksAt));
  std::ranges::replace(text, '\0', ' ');  // where the library would stop reading
  std::vector<const char*> words;
  words.reserve(known.size() + 1);
  for (const std::string& word : known) words.push_back(word.c_str());
  words.push_back(nullptr);

  ZxcMatch_t* found = nullptr;
  const double bits = ZxcvbnMatch(text.c_str(), words.data(), &found);
  const std::unique_ptr<ZxcMatch_t, FreeMatches> matches(found);
  Guessability result{score_of(bits), false};
  for (const ZxcMatch_t* match = found; match != nullptr; match = match->Next) {
    result.by_known_words = result.by_known_words || is_known_word(*match);
  }
  return result;
}

PasswordRules::PasswordRules(std::size_t minimum_length, unsigned minimum_score,
                             std::string_view server_name, CharacterClasses required)
    : minimum_length_(minimum_length),
      minimum_score_(minimum_score),
      server_name_(server_name),
      required_(required) {}

std::optional<WeakPassword> PasswordRules::refuse_form(std::string_view password) const {
  using enum WeakPassword::Why;
  const std::string prepared = opaque_string(password);
  if (!text::valid_utf8(prepared)) return WeakPassword{not_text};
  if (text::utf8_length(prepared) < minimum_length_) {
    return WeakPassword{too_short, minimum_length_};
  }
  if (prepared.size() > crypto::kMaxPassword) return WeakPassword{too_long, crypto::kMaxPassword};
  const CharacterClasses missing = lacking(required_, classes_of(prepared));
  if (missing.any()) return WeakPassword{.why = lacks, .missing = missing};
  return std::nullopt;
}

std::optional<WeakPassword> PasswordRules::refuse_guessable(std::string_view password,
                                                            std::string_view localpart) const {
  using enum WeakPassword::Why;
  if (!judges_guessability()) return std::nullopt;
  std::vector<std::string> known;
  add_words(known, localpart);
  add_words(known, server_name_);
  const Guessability guesses = estimate_guesses(opaque_string(password), known);
  if (guesses.score >= minimum_score_) return std::nullopt;
  return WeakPassword{guesses.by_known_words ? from_names : easy};
}

}  // namespace latchkey::accounts
