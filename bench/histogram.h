#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace latchkey::bench {

// Counts of latencies in buckets that are at most 3% wide, from 1 ns to about 18 s.
class Histogram {
 public:
  void add(std::uint64_t nanos) {
    ++counts_[bucket(nanos)];
    ++total_;
  }

  std::uint64_t total() const { return total_; }

  // The latency in nanoseconds (a bucket's upper edge) that `share` of all do not exceed.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return upper_edge(i);
    }
    return total_ == 0 ? 0 : upper_edge(counts_.size() - 1);
  }

 private:
  static constexpr int fraction_bits = 5;  // 32 buckets for each power of two
  static constexpr std::size_t buckets = 35U << fraction_bits;

  static std::size_t bucket(std::uint64_t nanos) {
    if (nanos < (1U << fraction_bits)) return nanos;
    const int exponent = std::bit_width(nanos) - 1 - fraction_bits;
    const std::size_t index = (static_cast<std::size_t>(exponent) << fraction_bits) +
                              (nanos >> static_cast<unsigned>(exponent));
    return index < buckets ? index : buckets - 1;
  }

  static std::uint64_t upper_edge(std::size_t index) {
    if (index < (1U << fraction_bits)) return index;
    const std::uint64_t exponent = (index >> fraction_bits) - 1;
    const std::uint64_t mantissa = index - (exponent << fraction_bits);
    return ((mantissa + 1) << exponent) - 1;
  }

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace latchkey::bench
