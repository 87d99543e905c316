#include "platform/crypto/argon2id.h"

#include <argon2.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "platform/crypto/equal.h"
#include "platform/crypto/random.h"
#include "platform/text/base64.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kSalt = 16;
constexpr std::size_t kHash = 32;
constexpr std::size_t kLongestHash = 512;
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

// PHC strings have base64 without padding.
std::string without_padding(std::string base64) {
  while (base64.ends_with('=')) base64.pop_back();
  return base64;
}

std::optional<std::string> decode_unpadded(std::string_view text) {
  if (text.ends_with('=')) return std::nullopt;
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return text::decode_base64(padded);
}

// Salt and hash of a PHC string, which stand behind its parameters.
struct Stored {
  std::string salt;
  std::string hash;
};

std::optional<Stored> stored_of(std::string_view phc) {
  if (std::ranges::count(phc, '$') != 5) return std::nullopt;
  const auto before_hash = phc.rfind('$');
  const auto before_salt = before_hash == 0 ? phc.npos : phc.rfind('$', before_hash - 1);
  if (before_hash == phc.npos || before_salt == phc.npos) return std::nullopt;
  auto salt = decode_unpadded(phc.substr(before_salt + 1, before_hash - before_salt - 1));
  auto hash = decode_unpadded(phc.substr(before_hash + 1));
  if (!salt || !hash) return std::nullopt;
  return Stored{std::move(*salt), std::move(*hash)};
}

// The memory of a hash goes back to the system with the hash. malloc would keep it for the next
// one, which may be a day away, in as many arenas as there are threads. In huge pages: giving out
// and clearing thousands of small ones would take a third as long as the hash itself.
constexpr std::size_t kMapped = std::size_t{1} << 20;

int allocate(std::uint8_t** memory, std::size_t size) {
  if (size < kMapped) {
    *memory = static_cast<std::uint8_t*>(std::malloc(size));  // NOLINT: as libargon2 frees it
    return 0;
  }
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    *memory = nullptr;
    return -1;
  }
  ::madvise(mapped, size, MADV_HUGEPAGE);  // where there are none it goes without
  *memory = static_cast<std::uint8_t*>(mapped);
  return 0;
}

void release(std::uint8_t* memory, std::size_t size) {
  if (size < kMapped) {
    std::free(memory);  // NOLINT: see allocate()
  } else {
    ::munmap(memory, size);
  }
}

// Returns one of libargon2's codes.
int hash_into(std::span<std::uint8_t> out, std::string_view password,
              std::span<const std::uint8_t> salt, const Argon2Params& params) {
  // It takes pointers that it does not write through, unless told to clear what they point to.
  const auto* words = reinterpret_cast<const std::uint8_t*>(password.data());
  argon2_context context{};
  context.out = out.data();
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = const_cast<std::uint8_t*>(words);
  context.pwdlen = static_cast<std::uint32_t>(password.size());
  context.salt = const_cast<std::uint8_t*>(salt.data());
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.t_cost = params.passes;
  context.m_cost = params.memory;
  context.lanes = context.threads = params.lanes;
  context.version = ARGON2_VERSION_13;
  context.allocate_cbk = allocate;
  context.free_cbk = release;
  context.flags = ARGON2_DEFAULT_FLAGS;
  return argon2id_ctx(&context);
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string argon2id_hash(std::string_view password, const Argon2Params& params) {
  check_length(password);
  const auto salt = random_array<kSalt>();
  std::array<std::uint8_t, kHash> hash{};
  const int code = hash_into(hash, password, salt, params);
  if (code != ARGON2_OK) fail(code);
  return "$argon2id$v=19$m=" + std::to_string(params.memory) +
         ",t=" + std::to_string(params.passes) + ",p=" + std::to_string(params.lanes) + '$' +
         without_padding(text::encode_base64(text_of(salt))) + '$' +
         without_padding(text::encode_base64(text_of(hash)));
}

Verdict argon2id_verify(std::string_view phc, std::string_view password,
                        const Argon2Params& params) {
  check_length(password);
  const auto hashed_with = params_of(phc);
  if (!hashed_with || hashed_with->memory > kGreatestMemory) return Verdict::no;
  const auto stored = stored_of(phc);
  if (!stored || stored->hash.empty() || stored->hash.size() > kLongestHash) return Verdict::no;
  std::array<std::uint8_t, kLongestHash> hash{};
  const auto made = std::span(hash).first(stored->hash.size());
  const int code = hash_into(made, password, bytes_of(stored->salt), *hashed_with);
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR || code == ARGON2_THREAD_FAIL) fail(code);
  if (code != ARGON2_OK || !equal(text_of(made), stored->hash)) return Verdict::no;
  return *hashed_with == params ? Verdict::yes : Verdict::yes_but_rehash;
}

Argon2Params PasswordHashOptions::params() const {
  return {.memory = static_cast<std::uint32_t>(hash_memory / 1024), .passes = hash_passes};
}

std::size_t PasswordHashOptions::threads() const {
  return hash_threads > 0 ? hash_threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace latchkey::crypto
