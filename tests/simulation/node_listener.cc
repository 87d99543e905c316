#include "simulation/node_listener.h"

#include <algorithm>

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Moment kEcho = 500ms;
constexpr Moment kLongestSilence = 10s;
constexpr Moment kReconnectPause = 200ms;

}  // namespace

NodeListener::NodeListener(NodeDatabase& database, Schedule& schedule, Random& random,
                           db::ListenerHooks hooks)
    : database_(database), schedule_(schedule), random_(random), hooks_(std::move(hooks)) {
  if (!database_.connect()) throw db::Unavailable("the database does not answer");
  connected_ = true;
  connected_at_ = schedule_.now();
  base_ = random_.between<Moment::rep>(100, 3'000) * 1us;
  lags_ = {{connected_at_, base_}};
}

NodeListener::~NodeListener() { database_.listener_ = nullptr; }

template <class Fn>
void NodeListener::later(Moment span, Fn fn) {
  schedule_.after(span, [life = std::weak_ptr(life_), fn] {
    if (!life.expired()) fn();
  });
}

// In order: nothing overtakes what was sent before it under a longer lag.
Moment NodeListener::arrival(Moment sent) const {
  Moment latest{0};
  for (std::size_t i = 0; i < lags_.size() && lags_[i].since <= sent; ++i) {
    const bool last = i + 1 == lags_.size() || lags_[i + 1].since > sent;
    latest = std::max(latest, (last ? sent : lags_[i + 1].since) + lags_[i].lag);
  }
  return latest > held_from_ && latest < held_until_ ? held_until_ : latest;
}

Moment NodeListener::heard() const {
  const Moment now = schedule_.now();
  // Strictly before: what arrives at this very moment may not have had its turn.
  for (Moment sent = connected_at_ + (now - connected_at_) / kEcho * kEcho;
       sent >= connected_at_ && now - sent <= 4 * kLongestSilence; sent -= kEcho) {
    if (arrival(sent) < now) return sent;
  }
  return Moment{-1};
}

db::Listener::Clock::time_point NodeListener::last_heard() const {
  const Moment sent = connected_ ? heard() : Moment{-1};
  if (sent < Moment{0}) return {};
  return Clock::now() - (schedule_.now() - sent);
}

void NodeListener::send(const std::vector<std::string>& payloads) {
  if (!connected_) return;
  later(arrival(schedule_.now()) - schedule_.now(), [this, payloads, connection = connection_] {
    if (!connected_ || connection != connection_) return;
    for (const std::string& payload : payloads) hooks_.on_message(payload);
  });
}

void NodeListener::cut() {
  if (!connected_) return;
  connected_ = false;
  const Moment::rep longest = random_.one_in(3) ? 4'000'000 : 5'000;
  later(random_.between<Moment::rep>(100, longest) * 1us, [this] { connect(); });
}

// As in the listener's thread: connected, then told that something may have been missed, then the
// first echo.
void NodeListener::connect() {
  const Moment held = held_until_ - schedule_.now();
  if (held > Moment{0}) return later(held, [this] { connect(); });
  if (!database_.parts_.reachable()) return later(kReconnectPause, [this] { connect(); });
  ++connection_;
  connected_ = true;
  connected_at_ = schedule_.now();
  lags_ = {{connected_at_, base_}};
  hooks_.on_reconnect();
}

void NodeListener::delay(Moment lag) {
  if (!connected_) return;
  lags_.push_back({schedule_.now(), std::max(lag, base_)});
  if (lag >= kLongestSilence) watch_silence();
}

void NodeListener::watch_silence() {
  later(kLongestSilence / 2, [this, connection = connection_] {
    if (!connected_ || connection != connection_) return;
    const Moment since = std::max(heard(), connected_at_);
    if (schedule_.now() - since > kLongestSilence) return cut();
    if (lags_.back().lag >= kLongestSilence) watch_silence();
  });
}

void NodeListener::hold(Moment until) {
  // What is on its way has been told when it arrives: no echo may overtake it.
  if (held_until_ > schedule_.now() && held_until_ >= until) return;
  held_from_ = schedule_.now();
  held_until_ = until;
}

}  // namespace latchkey::simulation
