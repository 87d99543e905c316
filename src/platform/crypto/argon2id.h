#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "platform/config/bounds.h"
#include "platform/config/types.h"

namespace latchkey::crypto {

struct Argon2Params {
  std::uint32_t memory = 19456;  // KiB
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  bool operator==(const Argon2Params&) const = default;
};

// Longer passwords are refused by both functions with std::length_error and never cut: callers
// check first, and answer in their protocol's way.
inline constexpr std::size_t kMaxPassword = 1024;  // bytes

// A PHC string "$argon2id$v=19$m=19456,t=2,p=1$salt$hash" with a fresh salt of 16 bytes and a
// hash of 32. Takes tens of milliseconds: call it on the pool. Throws std::runtime_error when
// memory runs out.
std::string argon2id_hash(std::string_view password, const Argon2Params& params);

enum class Verdict {
  no,
  yes,
  yes_but_rehash,  // right, but hashed with other parameters than `params`
};

// `phc` as argon2id_hash made it, of any parameters. Anything else is `no`.
Verdict argon2id_verify(std::string_view phc, std::string_view password,
                        const Argon2Params& params);

// Options of the group `passwords` that concern hashing.
struct PasswordHashOptions {
  config::Bytes hash_memory{19456 * 1024};
  unsigned hash_passes = 2;
  std::size_t hash_threads = 0;
  std::size_t hash_queue = 64;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("hash_memory", hash_memory, "Memory that one password hash (argon2id) takes.",
          config::Between{64 * 1024, std::int64_t{4} << 30});
    visit("hash_passes", hash_passes, "Passes that one password hash makes over its memory.",
          config::Between{1, 100});
    visit("hash_threads", hash_threads,
          "Threads that hash passwords, at a low priority; 0 means one for each core.",
          config::Between{0, 256});
    visit("hash_queue", hash_queue,
          "Passwords that may wait for a thread; past it clients are asked to come back (429).",
          config::Between{1, 100'000});
  }

  Argon2Params params() const;
  std::size_t threads() const;  // at least 1
};

}  // namespace latchkey::crypto
