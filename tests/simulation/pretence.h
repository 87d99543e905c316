#pragma once

#include <chrono>
#include <cstdint>

// What this program takes for time and for chance. pretence.cc defines clock_gettime(), which
// std::chrono::steady_clock asks, timerfd_create(), by which Asio would wait in real time, and
// arc4random_buf(), from which all nonces, ids and keys come: of the program, so that they stand
// before those of the libraries. Nothing in the server knows of it, and no server can be told to
// use it.
namespace latchkey::simulation {

// Since a history began, in true time.
using Moment = std::chrono::microseconds;

// From now on steady_clock shows this.
void show_time(Moment now);
// From now on random bytes follow from `seed`.
void seed_random_bytes(std::uint64_t seed);

// The machine's own clock, for how long a run may take.
std::chrono::nanoseconds real_time();

}  // namespace latchkey::simulation
