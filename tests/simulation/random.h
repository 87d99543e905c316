#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace latchkey::simulation {

// Everything that chance decides in a history, from one number: xoshiro256**, seeded by
// splitmix64. The same on every machine, which the distributions of <random> are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15U;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Less than `n`, which is at least 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

  // Both included.
  template <class T>
  T between(T least, T most) {
    return static_cast<T>(least +
                          static_cast<T>(next() % static_cast<std::uint64_t>(most - least + 1)));
  }

  bool one_in(std::size_t n) { return below(n) == 0; }

  template <class T>
  T of(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }
  template <class Range>
  auto& of(Range& range) {
    return range[below(range.size())];
  }

  void fill(std::span<unsigned char> out) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) word = next();
      out[i] = static_cast<unsigned char>(word >> (i % 8 * 8));
    }
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace latchkey::simulation
