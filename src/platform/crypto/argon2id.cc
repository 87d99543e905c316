#include "platform/crypto/argon2id.h"

#include <argon2.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>

#include "platform/crypto/random.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kSalt = 16;
constexpr std::size_t kHash = 32;
constexpr std::uint32_t kGreatestMemory = 4 << 20;  // KiB; a stored hash may ask for no more

void check_length(std::string_view password) {
  if (password.size() > kMaxPassword) throw std::length_error("the password is too long");
}

[[noreturn]] void fail(int code) { throw std::runtime_error(argon2_error_message(code)); }

// Reads `prefix` and a number from the front of `rest`.
bool take(std::string_view& rest, std::string_view prefix, std::uint32_t& number) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return fault == std::errc{};
}

std::optional<Argon2Params> params_of(std::string_view phc) {
  Argon2Params params;
  if (!take(phc, "$argon2id$v=19$m=", params.memory) || !take(phc, ",t=", params.passes) ||
      !take(phc, ",p=", params.lanes) || !phc.starts_with('$')) {
    return std::nullopt;
  }
  return params;
}

}  // namespace

std::string argon2id_hash(std::string_view password, const Argon2Params& params) {
  check_length(password);
  const auto salt = random_array<kSalt>();
  std::string phc(
      argon2_encodedlen(params.passes, params.memory, params.lanes, kSalt, kHash, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(params.passes, params.memory, params.lanes,
                                         password.data(), password.size(), salt.data(), salt.size(),
                                         kHash, phc.data(), phc.size());
  if (code != ARGON2_OK) fail(code);
  phc.resize(phc.find('\0'));
  return phc;
}

Verdict argon2id_verify(std::string_view phc, std::string_view password,
                        const Argon2Params& params) {
  check_length(password);
  const auto hashed_with = params_of(phc);
  if (!hashed_with || hashed_with->memory > kGreatestMemory) return Verdict::no;
  const int code = ::argon2id_verify(std::string(phc).c_str(), password.data(), password.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR || code == ARGON2_THREAD_FAIL) fail(code);
  if (code != ARGON2_OK) return Verdict::no;
  return *hashed_with == params ? Verdict::yes : Verdict::yes_but_rehash;
}

Argon2Params PasswordHashOptions::params() const {
  return {.memory = static_cast<std::uint32_t>(hash_memory / 1024), .passes = hash_passes};
}

std::size_t PasswordHashOptions::threads() const {
  return hash_threads > 0 ? hash_threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace latchkey::crypto
