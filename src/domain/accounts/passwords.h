#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "platform/config/bounds.h"
#include "platform/crypto/argon2id.h"
#include "platform/crypto/work_pool.h"
#include "platform/task.h"

namespace latchkey::accounts {

// The options of `passwords:`.
struct PasswordOptions {
  std::size_t minimum_length = 8;
  crypto::PasswordHashOptions hashing;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("minimum_length", minimum_length, "The fewest characters of a new password.",
          config::Between{1, 128});
    hashing.options(visit);
  }
};

// Passwords: their rules and their hashes, which are made on a bounded pool of threads at a low
// priority. Nothing here knows users.
class Passwords {
 public:
  explicit Passwords(const PasswordOptions& options);

  // A sentence for a person when a new password is refused (M_WEAK_PASSWORD).
  std::optional<std::string> refuse_new(std::string_view password) const;

  // Of a password that was not refused. Absent: the pool is full; the client comes back later.
  Task<std::optional<std::string>> hash(std::string password);

  // Blocking, for the command line: waits for its turn.
  std::string hash_now(std::string_view password) const;

  enum class Match { no, yes, yes_but_rehash };
  // `hash` absent (no such user, no password): takes as long as a wrong password and is `no`.
  // Absent: the pool is full.
  Task<std::optional<Match>> verify(std::optional<std::string> hash, std::string password);

  std::size_t queued() const { return pool_.queued(); }

 private:
  const std::size_t minimum_length_;
  const crypto::Argon2Params params_;
  const std::string nobodys_hash_;
  crypto::WorkPool pool_;
};

}  // namespace latchkey::accounts
