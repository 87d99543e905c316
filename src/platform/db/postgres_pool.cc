#include "platform/db/postgres_pool.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <utility>

#include "platform/crypto/random.h"

namespace latchkey::db {
namespace {

constexpr int most_tries = 6;  // of a write that meets others
constexpr Duration conflict_pause{4};
// How often a resting connection is looked at: a server that was restarted is noticed by all
// threads at about the same time, not by each when it is next used.
constexpr Duration idle_check{1'000};
// Between attempts to connect.
constexpr Duration shortest_pause{50};
constexpr Duration longest_pause{1'000};

// Between half of `span` and all of it, so that those who met do not meet again.
Duration jittered(Duration span) {
  const auto half = static_cast<std::uint64_t>(span.count() / 2);
  return Duration{static_cast<std::int64_t>(half + crypto::random_uint64() % (half + 1))};
}

// Why `connection` cannot go on after a failure; absent: it can.
std::optional<ConnectionLost> roll_back(PostgresConnection& connection) {
  try {
    connection.roll_back();
    return std::nullopt;
  } catch (const std::exception& failure) {
    return ConnectionLost(failure.what());
  }
}

// Whether it is more than one statement, which only a pipeline makes a transaction of.
bool several(const PostgresItem& item) {
  return item.operation.one != nullptr && item.operation.one->then != nullptr;
}

// What was tried before is served by itself, where a second loss of the connection ends it.
bool goes_together(const std::vector<PostgresItem>& items) {
  return items.size() > 1 || (items.size() == 1 && several(items[0]) && !items[0].retried);
}

// A copy whose text is this thread's alone. A plain copy shares it with the original, which the
// caller may be destroying on its own thread: libstdc++ counts the owners, but ThreadSanitizer does
// not see it count.
ConnectionLost own(const ConnectionLost& failure) { return ConnectionLost(failure.what()); }

// A commit that was sent and not answered: nobody may run it again.
class OutcomeUnknown : public ConnectionLost {
 public:
  using ConnectionLost::ConnectionLost;
};

// Runs `job` in a write transaction, up to the commit. Returns what is to run after it.
std::vector<std::function<void()>> run_write(PostgresConnection& connection, Job job,
                                             Duration waited, bool synced) {
  PostgresTx tx(connection, waited);
  connection.begin_write(synced);
  job(tx);
  tx.run_before_commit();
  tx.run_just_before_commit();
  if (const auto failure = connection.take_failure()) std::rethrow_exception(failure);
  try {
    connection.commit();
  } catch (const ConnectionLost& lost) {
    throw OutcomeUnknown(lost.what());
  }
  return tx.take_hooks();
}

}  // namespace

PostgresPool::PostgresPool(const std::string& url, const Options& options, ServerHistory& history,
                           std::function<ReconnectHooks()> hooks, Outage::Report report)
    : url_(url),
      options_(options),
      history_(history),
      hooks_(std::move(hooks)),
      queue_(options.queue, options.connect_timeout),
      outage_(std::move(report)) {
  std::vector<std::future<Connection>> connecting;
  for (std::size_t i = 0; i < options.size; ++i) {
    connecting.push_back(std::async(std::launch::async, [&] {
      return std::make_unique<PostgresConnection>(url, options, history);
    }));
  }
  std::vector<Connection> connections;
  for (auto& connection : connecting) connections.push_back(connection.get());
  history_.serves(connections.back()->server_run());
  for (Connection& connection : connections) {
    threads_.emplace_back([this, mine = std::move(connection)]() mutable { run(std::move(mine)); });
    pthread_setname_np(threads_.back().native_handle(), "db-pool");
  }
}

PostgresPool::~PostgresPool() { close(); }

void PostgresPool::close() {
  queue_.close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  queue_.drop_rest();
}

void PostgresPool::count(Stats& stats) const {
  stats.reads = reads_;
  stats.writes = writes_;
  stats.commits = commits_;
  stats.failures = failures_ + queue_.failures();
  stats.reconnects = reconnects_;
  stats.waiting = queue_.size();
}

void PostgresPool::run(Connection connection) {
  Duration pause = shortest_pause;
  for (;;) {
    if (!connection) connection = reconnect();
    if (!connection) {
      if (queue_.closing_within(jittered(pause))) return;
      pause = std::min(pause * 2, longest_pause);
      continue;
    }
    pause = shortest_pause;
    PostgresQueue::Taken taken = queue_.take(connection->made_at(), idle_check);
    if (taken.closing) return;
    try {
      if (goes_together(taken.items)) {
        serve_together(*connection, taken.items);
      } else if (!taken.items.empty()) {
        serve(*connection, taken.items.front());
      } else if (!connection->alive()) {
        throw ConnectionLost("the server ended the connection");
      }
      if (!taken.items.empty()) connection->drop_notifications();
      queue_.done(taken);
    } catch (const ConnectionLost& lost) {
      queue_.abandoned(taken);
      outage_.lost(lost.what());
      connection.reset();
    }
  }
}

PostgresPool::Connection PostgresPool::reconnect() {
  try {
    auto connection = std::make_unique<PostgresConnection>(url_, options_, history_);
    ReconnectHooks hooks = hooks_();
    if (hooks.in_transaction) {
      for (const auto& hook :
           run_write(*connection, Job(hooks.in_transaction), Duration{0}, true)) {
        hook();
      }
    }
    history_.serves(connection->server_run());
    hooks.then();
    ++reconnects_;
    outage_.over();
    return connection;
  } catch (const std::exception& failure) {
    // A caller that waits gets Unavailable in time, and this is tried again.
    outage_.goes_on(failure.what());
    return nullptr;
  }
}

void PostgresPool::serve(PostgresConnection& connection, PostgresItem& item) {
  const bool one = item.operation.one != nullptr && !several(item) && !connection.pooled();
  for (int tries = 1;; ++tries) {
    std::exception_ptr error;
    std::optional<ConnectionLost> lost;
    bool again = false;
    try {
      if (one) {
        run_one(connection, item);
      } else {
        item.write ? write(connection, item.operation) : read(connection, item.operation);
      }
    } catch (const OutcomeUnknown& failure) {
      error = std::current_exception();
      lost = own(failure);
    } catch (const ConnectionLost& failure) {
      error = std::current_exception();
      lost = own(failure);
      again = !std::exchange(item.retried, true);
    } catch (const Conflict&) {
      error = std::current_exception();
      again = tries < most_tries;
    } catch (...) {
      error = std::current_exception();
    }
    if (!error) {
      if (!item.write && !one) connection.receive_end();
      return;
    }
    connection.take_failure();
    if (!lost) lost = roll_back(connection);
    if (lost && again) {
      queue_.put_back(std::move(item));
      throw ConnectionLost(*lost);
    }
    if (!again) give_up(item, std::move(error));
    if (lost) throw ConnectionLost(*lost);
    if (!again) return;
    std::this_thread::sleep_for(jittered(tries * conflict_pause));
  }
}

void PostgresPool::read(PostgresConnection& connection, Operation& operation) {
  PostgresTx tx(connection, operation.waited());
  connection.begin_read();
  operation.job(tx);
  if (const auto failure = connection.take_failure()) std::rethrow_exception(failure);
  connection.send_end();
  ++reads_;
  operation.done(nullptr);
}

void PostgresPool::write(PostgresConnection& connection, Operation& operation) {
  const auto hooks = run_write(connection, operation.job, operation.waited(), operation.synced);
  ++writes_;
  ++commits_;
  for (const auto& hook : hooks) hook();
  operation.done(nullptr);
}

// No BEGIN and no COMMIT: what PostgreSQL gets at once is a transaction by itself. Whether it took
// place is not known when the connection is lost; by its contract it may run again.
void PostgresPool::run_one(PostgresConnection& connection, PostgresItem& item) {
  PostgresTx tx(connection, item.operation.waited());
  connection.begin_one(item.write);
  item.operation.job(tx);
  if (const auto failure = connection.take_failure()) std::rethrow_exception(failure);
  ++(item.write ? writes_ : reads_);
  if (item.write) ++commits_;
  item.operation.done(nullptr);
}

void PostgresPool::serve_together(PostgresConnection& connection,
                                  std::vector<PostgresItem>& items) {
  if (run_together(connection, items)) return;
  for (auto item = items.begin(); item != items.end(); ++item) {
    try {
      serve(connection, *item);
    } catch (const ConnectionLost&) {
      for (auto rest = item + 1; rest != items.end(); ++rest) queue_.put_back(std::move(*rest));
      throw;
    }
  }
}

bool PostgresPool::run_together(PostgresConnection& connection, std::vector<PostgresItem>& items) {
  if (connection.pooled()) return false;
  const bool write = items.front().write;
  std::ranges::sort(items, {}, [](const PostgresItem& item) { return item.operation.one->key; });
  std::vector<const OneStatement*> statements;
  for (const PostgresItem& item : items) {
    const OneStatement* one = item.operation.one;
    if (one->patience && item.operation.waited() > *one->patience) return false;
    for (; one != nullptr; one = one->then) statements.push_back(one);
  }
  try {
    connection.run_together(statements, write);
  } catch (const ConnectionLost& failure) {
    const ConnectionLost lost = own(failure);
    for (PostgresItem& item : items) {
      item.retried = true;
      queue_.put_back(std::move(item));
    }
    throw ConnectionLost(lost);
  } catch (const std::exception&) {
    connection.take_failure();
    if (const auto lost = roll_back(connection)) {
      for (PostgresItem& item : items) queue_.put_back(std::move(item));
      throw ConnectionLost(*lost);
    }
    return false;
  }
  (write ? writes_ : reads_) += items.size();
  if (write) ++commits_;
  std::size_t answer = 0;
  for (PostgresItem& item : items) {
    std::exception_ptr error;
    for (const OneStatement* one = item.operation.one; one != nullptr; one = one->then) {
      try {
        connection.read_answer(answer++, *one);
      } catch (...) {
        error = std::current_exception();
      }
    }
    item.operation.done(std::move(error));
  }
  return true;
}

void PostgresPool::give_up(PostgresItem& item, std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Unavailable&) {
    ++failures_;
  } catch (...) {  // fn's own
  }
  // Moved: from here on the exception is the caller's alone, and dies on its thread.
  item.operation.done(std::move(error));
}

}  // namespace latchkey::db
