#include "domain/signin/whose_password.h"

#include <algorithm>

namespace latchkey::signin {
namespace {

// The first of them that is meant.
template <class Meant>
std::optional<std::size_t> first(std::span<const Heard> heard, const Meant& meant) {
  const auto found = std::ranges::find_if(heard, meant);
  if (found == heard.end()) return std::nullopt;
  return static_cast<std::size_t>(found - heard.begin());
}

}  // namespace

Verdict whose_password(std::optional<bool> own, std::span<const Heard> heard) {
  if (own == true) return {Whose::own};
  const auto says = [heard](Word word) {
    return first(heard, [word](const Heard& one) { return one.word == word; });
  };
  if (const auto yes = says(Word::yes)) return {Whose::directory, *yes};
  if (const auto denied = says(Word::denied)) return {Whose::denied, *denied};
  const auto silent = says(Word::no_answer);
  if (!silent) return {Whose::nobodys};
  // Whose directory is silent may have typed the right password. Of somebody else who is known here
  // a no is a no, by whichever of the two they are known.
  const auto own_silent =
      first(heard, [](const Heard& one) { return one.linked && one.word == Word::no_answer; });
  if (own_silent) return {Whose::unknown, *own_silent};
  const bool answered =
      own.has_value() || std::ranges::any_of(heard, [](const Heard& one) { return one.linked; });
  if (answered) return {Whose::nobodys};
  return {Whose::unknown, *silent};
}

}  // namespace latchkey::signin
