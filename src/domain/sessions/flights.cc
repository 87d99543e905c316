#include "domain/sessions/flights.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace latchkey::sessions {

namespace asio = boost::asio;

// Somebody who waits: woken by cancelling a timer that never ends by itself. In the list for as
// long as the coroutine is there.
struct Flights::Flight::Waiter {
  using Clock = std::chrono::steady_clock;
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

  Waiter(Flight& flight, const Executor& executor)
      : flight(flight), timer(executor, Clock::time_point::max()) {
    flight.waiters_.push_back(this);
  }
  ~Waiter() { std::erase(flight.waiters_, this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Flight& flight;
  Timer timer;
};

Task<void> Flights::Flight::landing() {
  if (landed_) co_return;
  Waiter me(*this, co_await asio::this_coro::executor);
  co_await me.timer.async_wait(asio::as_tuple(asio::use_awaitable_t<Executor>()));
}

const std::optional<Judged>& Flights::Flight::found() const {
  if (fault_) std::rethrow_exception(fault_);
  return found_;
}

void Flights::Flight::land() {
  landed_ = true;
  for (Waiter* waiter : std::exchange(waiters_, {})) waiter->timer.cancel();
}

Flights::Turn::Turn(std::shared_ptr<UnderWay> under_way, UnderWay::iterator mine)
    : under_way_(std::move(under_way)), mine_(mine) {}

Flights::Turn::~Turn() {
  if (!under_way_) return;
  const auto flight = mine_->second;
  under_way_->erase(mine_);
  flight->land();
}

void Flights::Turn::answered(Judged found) { mine_->second->found_ = std::move(found); }

void Flights::Turn::failed(std::exception_ptr fault) { mine_->second->fault_ = std::move(fault); }

std::shared_ptr<Flights::Flight> Flights::find(const Asked& asked) const {
  const auto found = under_way_->find(asked);
  return found == under_way_->end() ? nullptr : found->second;
}

Flights::Turn Flights::begin(const Asked& asked) {
  const auto [mine, fresh] = under_way_->try_emplace(asked, nullptr);
  if (!fresh) throw std::logic_error("two judge one token at the same time");
  mine->second = std::make_shared<Flight>(++begun_);
  return {under_way_, mine};
}

}  // namespace latchkey::sessions
