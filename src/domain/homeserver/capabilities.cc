#include "domain/homeserver/capabilities.h"

#include <chrono>
#include <utility>

namespace latchkey::homeserver {

using Steady = std::chrono::steady_clock;

Capabilities::Capabilities(Ask ask, Options options) : ask_(std::move(ask)), options_(options) {
  pool_.emplace(options_.threads, options_.queue, 0);
}

Capabilities::~Capabilities() {
  stop_.request_stop();
  pool_.reset();
}

Task<boost::json::object> Capabilities::of(std::string localpart, Asking asking) {
  if (auto lately = find(localpart, Steady::now() - options_.kept)) co_return std::move(*lately);
  const CallLimits limits{.deadline = Steady::now() + options_.patience, .stop = stop_.get_token()};
  const auto answer = co_await pool_->run(
      [this, asking = std::move(asking), limits] { return ask_(asking, limits); });
  if (answer && *answer) {
    keep(localpart, **answer);
    co_return **answer;
  }
  if (auto once = find(localpart, Moment::min())) co_return std::move(*once);
  {
    const std::scoped_lock lock(mutex_);
    if (!kept_.empty()) co_return kept_.front().said;
  }
  throw Unavailable(answer ? answer->error().sentence
                           : "too many clients wait for the homeserver's capabilities");
}

std::optional<boost::json::object> Capabilities::find(const std::string& localpart, Moment since) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_user_.find(localpart);
  if (found == by_user_.end() || found->second->at < since) return std::nullopt;
  return found->second->said;
}

void Capabilities::keep(const std::string& localpart, const boost::json::object& said) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = by_user_.find(localpart); old != by_user_.end()) {
    kept_.erase(old->second);
    by_user_.erase(old);
  }
  kept_.push_front({.localpart = localpart, .said = said, .at = Steady::now()});
  by_user_.emplace(localpart, kept_.begin());
  while (kept_.size() > options_.users) {
    by_user_.erase(kept_.back().localpart);
    kept_.pop_back();
  }
}

}  // namespace latchkey::homeserver
