#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// Whose password it is that somebody has typed, where this server and directories know passwords:
// one rule for every place where a password is asked for (docs/decisions/0024). Pure.
namespace latchkey::signin {

// What one that was asked says of a password.
enum class Word : std::uint8_t {
  yes,
  no,         // it is wrong, or there is nobody of that name
  denied,     // it is right, and its person may not sign in
  no_answer,  // down, silent, too busy, or not as it was configured
};

// Of a directory.
struct Heard {
  Word word = Word::no;
  // The account that was named has a link to it: its word is the word about that person.
  bool linked = false;
};

enum class Whose : std::uint8_t {
  own,        // the named account's, by this server's own password
  directory,  // of whoever that directory says
  nobodys,    // wrong, as far as anybody can tell
  denied,     // a directory knows it, and does not let its person in
  unknown,    // whoever could tell does not answer: never "wrong"
};

struct Verdict {
  Whose whose = Whose::nobodys;
  std::size_t directory = 0;  // which of those that were heard; not of `own` and `nobodys`
};

// `own`: what the hash of the named account says; absent: there is none that could say anything.
// `heard`: the directories so far, in their order. The first yes counts, so nobody is asked behind
// it.
Verdict whose_password(std::optional<bool> own, std::span<const Heard> heard);

}  // namespace latchkey::signin
