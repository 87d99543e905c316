#include "simulation/pretence.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <span>

#include "simulation/random.h"

namespace latchkey::simulation {
namespace {

// steady_clock begins late enough that nothing looks as if it had been heard at the start of time.
constexpr std::chrono::seconds kUptime{1'000'000};

std::chrono::nanoseconds shown_time = kUptime;
Random random_bytes{0};

}  // namespace

void show_time(Moment now) { shown_time = kUptime + now; }

void seed_random_bytes(std::uint64_t seed) { random_bytes = Random(seed); }

std::chrono::nanoseconds real_time() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace latchkey::simulation

extern "C" {

int clock_gettime(clockid_t id, timespec* out) noexcept {
  using latchkey::simulation::shown_time;
  if (id != CLOCK_MONOTONIC && id != CLOCK_REALTIME) {
    return static_cast<int>(syscall(SYS_clock_gettime, id, out));
  }
  out->tv_sec = shown_time.count() / 1'000'000'000;
  out->tv_nsec = shown_time.count() % 1'000'000'000;
  return 0;
}

// Asio then asks steady_clock which of its timers are due.
int timerfd_create(int /*clock*/, int /*flags*/) noexcept {
  errno = ENOSYS;
  return -1;
}

void arc4random_buf(void* out, size_t size) noexcept {
  latchkey::simulation::random_bytes.fill(std::span(static_cast<std::uint8_t*>(out), size));
}
}
