#include "simulation/node_database.h"

#include <algorithm>

#include "simulation/node_listener.h"

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;

// As db::Options::connect_timeout: how long an operation waits for a connection.
constexpr Moment kPatience = 5s;
constexpr Moment kBetweenTries = 200ms;
// How deep what blocks may wait within what blocks; then it is done at once.
constexpr int kDeepest = 3;
int depth = 0;

std::exception_ptr unavailable(const char* why) {
  return std::make_exception_ptr(db::Unavailable(why));
}

}  // namespace

NodeDatabase::NodeDatabase(db::Dialect dialect, Parts parts)
    : WithoutThreads(dialect), parts_(std::move(parts)), generation_(parts_.shared.generation()) {}

NodeDatabase::~NodeDatabase() = default;

template <class Fn>
void NodeDatabase::later(Moment span, Fn fn) {
  parts_.schedule.after(span, [life = std::weak_ptr(life_), fn] {
    if (!life.expired()) fn();
  });
}

Moment NodeDatabase::trip() {
  Random& random = parts_.random;
  if (strikes(parts_.faults.slow)) return random.between<Moment::rep>(5'000, 3'000'000) * 1us;
  return random.between<Moment::rep>(50, 800) * 1us;
}

Duration NodeDatabase::waited(Moment since) const {
  return std::chrono::duration_cast<Duration>(parts_.schedule.now() - since);
}

bool NodeDatabase::connect() {
  if (dialect() == db::Dialect::sqlite) return true;
  if (!parts_.reachable()) return false;
  if (generation_ == parts_.shared.generation()) return true;
  if (on_reconnect_) {
    const Cause cause{.doing = Doing::reconnect, .node = parts_.node};
    for (const auto& hook : parts_.shared.write(db::Job(on_reconnect_), {}, cause)) hook();
  }
  generation_ = parts_.shared.generation();
  if (listener_ != nullptr) listener_->distrust();
  return true;
}

std::unique_ptr<db::Listener> NodeDatabase::listen(db::ListenerHooks hooks) {
  auto listener =
      std::make_unique<NodeListener>(*this, parts_.schedule, parts_.random, std::move(hooks));
  listener_ = listener.get();
  return listener;
}

void NodeDatabase::submit(Access access, db::Job job, Completion done) {
  if (closed_) return done(unavailable("the database is being closed"));
  const std::uint64_t id = next_++;
  waiting_.emplace(id, Waiting{.access = access,
                               .job = job,
                               .done = std::move(done),
                               .cause = parts_.cause(),
                               .since = parts_.schedule.now(),
                               .error = nullptr,
                               .hooks = {}});
  parts_.wait(waiting_.at(id).cause.call);
  later(trip(), [this, id] { arrive(id); });
}

void NodeDatabase::run(Waiting& waiting) {
  waiting.ran = true;
  try {
    if (waiting.access == Access::read) {
      parts_.shared.read(waiting.job, waited(waiting.since));
    } else {
      waiting.hooks = parts_.shared.write(waiting.job, waited(waiting.since), waiting.cause,
                                          strikes(parts_.faults.undone));
    }
  } catch (...) {
    waiting.error = std::current_exception();
  }
}

void NodeDatabase::arrive(std::uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Waiting& waiting = found->second;
  if (!connect()) {
    if (parts_.schedule.now() - waiting.since < kPatience) {
      return later(kBetweenTries, [this, id] { arrive(id); });
    }
    waiting.error = unavailable("the database does not answer");
    return come_back(id);
  }
  if (strikes(parts_.faults.connection_lost)) {
    generation_ = 0;
    if (!std::exchange(waiting.retried, true)) {
      return later(trip(), [this, id] { arrive(id); });
    }
    waiting.error = unavailable("the connection was lost");
  } else {
    run(waiting);
    const bool committed = waiting.access != Access::read && !waiting.error;
    if (committed && strikes(parts_.faults.outcome_unknown)) {
      generation_ = 0;
      waiting.hooks.clear();
      waiting.error = unavailable("the connection was lost at the commit");
    }
  }
  later(trip(), [this, id] { come_back(id); });
}

void NodeDatabase::come_back(std::uint64_t id) {
  const Moment stopped = parts_.stopped_until() - parts_.schedule.now();
  if (stopped > Moment{0}) {
    return later(stopped + trip(), [this, id] { come_back(id); });
  }
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  for (const auto& hook : waiting.hooks) hook();
  waiting.done(std::move(waiting.error));
  parts_.resume(waiting.cause.call);
}

void NodeDatabase::read_blocking(db::Job job) {
  if (dialect() == db::Dialect::sqlite) return parts_.shared.read(job, {});
  at_once(false, job);
}

void NodeDatabase::at_once(bool write, db::Job job) {
  Waiting waiting{.access = write ? Access::write : Access::read,
                  .job = job,
                  .done = {},
                  .cause = parts_.cause(),
                  .since = parts_.schedule.now(),
                  .error = nullptr,
                  .hooks = {}};
  const auto wait = [&] {
    // In a coroutine nothing else of this thread goes on; and who opens the key file has its lock.
    const bool keys = waiting.cause.doing == Doing::take_keys || waiting.cause.call != 0;
    if (!others_go_on_ || keys || depth == kDeepest) return;
    ++depth;
    ++blocked_;
    parts_.schedule.run(parts_.schedule.now() + trip());
    --blocked_;
    --depth;
    if (doomed_) throw NodeDied();
  };
  wait();
  if (!connect() || strikes(parts_.faults.connection_lost)) {
    throw db::Unavailable("the database does not answer");
  }
  run(waiting);
  if (waiting.error) std::rethrow_exception(waiting.error);
  wait();
  if (write && strikes(parts_.faults.outcome_unknown)) {
    generation_ = 0;
    throw db::Unavailable("the connection was lost at the commit");
  }
  for (const auto& hook : waiting.hooks) hook();
}

void NodeDatabase::drain() {
  while (!waiting_.empty()) {
    const std::uint64_t id = waiting_.begin()->first;
    Waiting& waiting = waiting_.begin()->second;
    if (!waiting.ran && connect()) run(waiting);
    if (!waiting.ran) waiting.error = unavailable("the database does not answer");
    Waiting done = std::move(waiting);
    waiting_.erase(id);
    for (const auto& hook : done.hooks) hook();
    done.done(std::move(done.error));
    parts_.resume(done.cause.call);
  }
}

void NodeDatabase::die() {
  closed_ = true;
  life_.reset();
  for (auto& [id, waiting] : waiting_) {
    const bool sent = !waiting.ran && waiting.access != Access::read && parts_.random.one_in(3);
    if (sent && connect()) run(waiting);
  }
  waiting_.clear();
}

}  // namespace latchkey::simulation
