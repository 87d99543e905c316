#pragma once

#include <cstdint>

// The database's own keys, each a type of its own: swapped arguments do not compile. Absent is
// std::optional, never 0. An enumeration is hashable, ordered, and what platform/db reads and
// writes as an integer; std::to_underlying gives the number.
namespace latchkey {

enum class UserId : std::int64_t {};
enum class SessionId : std::int64_t {};         // 42 bits of milliseconds, 21 random bits
enum class DeviceKey : std::int64_t {};         // clients know the device by its device ID
enum class BrowserSessionId : std::int64_t {};  // of the account pages
enum class RegistrationTokenId : std::int64_t {};

}  // namespace latchkey
