#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace latchkey::crypto {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 through one context that is used again and again. Not for several threads at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Digest digest(std::span<const std::uint8_t> bytes);
  Digest digest(std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The same for one value, by any thread.
Digest sha256(std::string_view bytes);

// HMAC-SHA256 (RFC 2104) with a key that is set once. Not for several threads at once: each
// worker owns one for each key.
class HmacSha256 {
 public:
  explicit HmacSha256(std::span<const std::uint8_t> key);
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;

  Digest mac(std::span<const std::uint8_t> message);
  Digest mac(std::string_view message);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey::crypto
