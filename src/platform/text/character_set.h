#pragma once

#include <array>
#include <cstddef>

namespace latchkey::text {

// A set of bytes that is known when it is compiled, asked by one look into a table: grammars ask it
// of each character of each header.
class CharacterSet {
 public:
  // `belongs`: bool(char).
  template <class Belongs>
  consteval explicit CharacterSet(Belongs belongs) : has_{} {
    for (std::size_t i = 0; i < has_.size(); ++i) has_[i] = belongs(static_cast<char>(i));
  }

  constexpr bool contains(char c) const { return has_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> has_;
};

}  // namespace latchkey::text
