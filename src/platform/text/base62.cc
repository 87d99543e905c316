#include "platform/text/base62.h"

#include <array>
#include <bit>
#include <cstring>

// The number is cut into four chunks of ten digits, lowest last, and one of three. Ten digits
// are the most that fit 64 bits, so a chunk costs one long division of the number.
namespace latchkey::text {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::uint64_t kTenDigits = 839'299'365'868'340'224;  // 62^10
constexpr std::uint32_t kFiveDigits = 916'132'832;             // 62^5
constexpr std::uint32_t kTwoDigits = 62 * 62;

constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, kTwoDigits> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kAlphabet[i / 62], kAlphabet[i % 62]};
  return pairs;
}();

constexpr std::uint8_t kForeign = 0xff;
constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

// Division by 62^10 with a reciprocal ("Improved division by invariant integers", Möller and
// Granlund, algorithm 4), a third of the time of the division instruction. It wants the
// divisor's top bit set; dividend and remainder are shifted alike.
constexpr int kShift = std::countl_zero(kTenDigits);
constexpr std::uint64_t kDivisor = kTenDigits << kShift;
constexpr std::uint64_t kReciprocal = static_cast<std::uint64_t>(~Wide{0} / kDivisor);

// (remainder, low) / kDivisor; `remainder` < kDivisor before and after.
inline std::uint64_t divide(std::uint64_t& remainder, std::uint64_t low) {
  const Wide estimate = Wide{kReciprocal} * remainder + ((Wide{remainder} << 64) | low);
  auto quotient = static_cast<std::uint64_t>(estimate >> 64) + 1;
  std::uint64_t rest = low - quotient * kDivisor;
  const std::uint64_t over = rest > static_cast<std::uint64_t>(estimate) ? ~std::uint64_t{0} : 0;
  quotient += over;
  rest += over & kDivisor;
  if (rest >= kDivisor) [[unlikely]] {
    ++quotient;
    rest -= kDivisor;
  }
  remainder = rest;
  return quotient;
}

// Divides the number of `N` words, the lowest first, in place, and returns the remainder.
template <std::size_t N>
inline std::uint64_t divide(std::array<std::uint64_t, 4>& words) {
  std::uint64_t remainder = words[N - 1] >> (64 - kShift);
  for (std::size_t i = N; i-- > 0;) {
    const std::uint64_t below = i > 0 ? words[i - 1] >> (64 - kShift) : 0;
    words[i] = divide(remainder, words[i] << kShift | below);
  }
  return remainder >> kShift;
}

inline void put_five(std::uint32_t value, char* out) {
  out[0] = kAlphabet[value / (kTwoDigits * kTwoDigits)];
  value %= kTwoDigits * kTwoDigits;
  std::memcpy(out + 1, kPairs[value / kTwoDigits].data(), 2);
  std::memcpy(out + 3, kPairs[value % kTwoDigits].data(), 2);
}

inline void put_ten(std::uint64_t value, char* out) {
  put_five(static_cast<std::uint32_t>(value / kFiveDigits), out);
  put_five(static_cast<std::uint32_t>(value % kFiveDigits), out + 5);
}

// Gathers digits; `foreign` gets its top bit set when one is none.
template <std::size_t N>
inline std::uint64_t take(const char* text, std::uint8_t& foreign) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const std::uint8_t digit = kValues[static_cast<std::uint8_t>(text[i])];
    foreign |= digit;
    value = value * 62 + digit;
  }
  return value;
}

// words = words * 62^10 + chunk; returns what does not fit.
template <std::size_t N>
inline std::uint64_t multiply_add(std::array<std::uint64_t, 4>& words, std::uint64_t chunk) {
  for (std::size_t i = 0; i < N; ++i) {
    const Wide product = Wide{words[i]} * kTenDigits + chunk;
    words[i] = static_cast<std::uint64_t>(product);
    chunk = static_cast<std::uint64_t>(product >> 64);
  }
  return chunk;
}

}  // namespace

void encode_base62_256(std::span<const std::uint8_t, kBase62Bytes> bytes,
                       std::span<char, kBase62Chars> text) {
  std::array<std::uint64_t, 4> words;
  for (std::size_t i = 0; i < 4; ++i) {
    std::memcpy(&words[i], bytes.data() + 24 - 8 * i, 8);
    words[i] = __builtin_bswap64(words[i]);
  }
  put_ten(divide<4>(words), text.data() + 33);
  put_ten(divide<4>(words), text.data() + 23);
  put_ten(divide<3>(words), text.data() + 13);
  put_ten(divide<2>(words), text.data() + 3);
  text[0] = kAlphabet[words[0] / kTwoDigits];
  std::memcpy(text.data() + 1, kPairs[words[0] % kTwoDigits].data(), 2);
}

bool decode_base62_256(std::string_view text, std::span<std::uint8_t, kBase62Bytes> bytes) {
  if (text.size() != kBase62Chars) return false;
  std::uint8_t foreign = 0;
  std::array<std::uint64_t, 4> words{take<3>(text.data(), foreign), 0, 0, 0};
  multiply_add<2>(words, take<10>(text.data() + 3, foreign));
  multiply_add<3>(words, take<10>(text.data() + 13, foreign));
  multiply_add<4>(words, take<10>(text.data() + 23, foreign));
  const std::uint64_t beyond = multiply_add<4>(words, take<10>(text.data() + 33, foreign));
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t word = __builtin_bswap64(words[i]);
    std::memcpy(bytes.data() + 24 - 8 * i, &word, 8);
  }
  return (foreign & 0x80) == 0 && beyond == 0;
}

}  // namespace latchkey::text
