#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::accounts {

// How hard a password is to guess, from 0 (under a thousand guesses) to 4 (ten thousand million
// and more), as zxcvbn estimates it. `known` are words that whoever guesses tries first, in lower
// case. Only the beginning is looked at: enough for the best score, and the estimate's time grows
// with the third power of the length. Takes up to 25 ms of a core, so that callers go by the
// pool of hashing threads.
struct Guessability {
  unsigned score;
  bool by_known_words;  // one of them, or what looks like it, is part of the password
};
Guessability estimate_guesses(std::string_view password, const std::vector<std::string>& known);

// Characters that operators may want in each new password, beside what it takes to guess it.
struct CharacterClasses {
  bool digit = false;
  bool lowercase = false;
  bool uppercase = false;
  bool symbol = false;  // neither letter nor digit; a space is one

  bool any() const { return digit || lowercase || uppercase || symbol; }
  bool operator==(const CharacterClasses&) const = default;
};

// Why a password cannot be somebody's new one.
struct WeakPassword {
  enum class Why {
    not_text,
    too_short,   // of `limit` characters
    too_long,    // of `limit` bytes
    from_names,  // easy to guess from the name of the user or of the server
    easy,        // to guess
    lacks,       // characters of the classes `missing`
  };
  Why why;
  std::size_t limit = 0;
  CharacterClasses missing = {};

  bool operator==(const WeakPassword&) const = default;
};

// What a new password must be.
class PasswordRules {
 public:
  PasswordRules(std::size_t minimum_length, unsigned minimum_score, std::string_view server_name,
                CharacterClasses required = {});

  // Which characters have to be in it.
  const CharacterClasses& required() const { return required_; }

  std::size_t minimum_length() const { return minimum_length_; }

  // What is seen at once: not text, too short, longer than the hash takes, of too few classes.
  std::optional<WeakPassword> refuse_form(std::string_view password) const;

  // Of a password of good form. As slow as estimate_guesses(), unless the minimum is 0. The
  // localpart may be empty: it is not known yet.
  bool judges_guessability() const { return minimum_score_ > 0; }
  std::optional<WeakPassword> refuse_guessable(std::string_view password,
                                               std::string_view localpart) const;

 private:
  const std::size_t minimum_length_;
  const unsigned minimum_score_;
  const std::string server_name_;
  const CharacterClasses required_;
};

}  // namespace latchkey::accounts
