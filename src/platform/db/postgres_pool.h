#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "platform/db/outage.h"
#include "platform/db/postgres_connection.h"
#include "platform/db/postgres_queue.h"
#include "platform/db/server_history.h"

namespace latchkey::db {

// What happens on a connection made again after a loss, before it serves anything.
struct ReconnectHooks {
  std::function<void(Tx&)> in_transaction;  // may be empty
  std::function<void()> then;
};

// The database threads, each with its own connection.
class PostgresPool {
 public:
  // Connects all of them; throws what a PostgresSession throws. `history` learns where they lead,
  // and lives as long as this. `hooks` is asked at each
  // reconnect, on the thread that reconnects. `report` is told when connections are lost and
  // when they are there again.
  PostgresPool(const std::string& url, const Options& options, ServerHistory& history,
               std::function<ReconnectHooks()> hooks, Outage::Report report);
  ~PostgresPool();  // as close()

  void submit(PostgresItem item) { queue_.push(std::move(item)); }
  void close();
  void count(Stats& stats) const;
  bool is_away() const { return outage_.under_way(); }

 private:
  using Connection = std::unique_ptr<PostgresConnection>;

  // One thread's loop: reconnects when it must, serves what it takes.
  void run(Connection connection);
  Connection reconnect();
  // Throws ConnectionLost when the connection cannot go on; the item is taken care of.
  void serve(PostgresConnection& connection, PostgresItem& item);
  void read(PostgresConnection& connection, Operation& operation);
  void write(PostgresConnection& connection, Operation& operation);
  void run_one(PostgresConnection& connection, PostgresItem& item);
  // Single statements: together, in one round trip and with one commit; each by itself if any
  // fails.
  void serve_together(PostgresConnection& connection, std::vector<PostgresItem>& items);
  // False: none of them took place.
  bool run_together(PostgresConnection& connection, std::vector<PostgresItem>& items);
  void give_up(PostgresItem& item, std::exception_ptr error);

  const std::string url_;
  const Options options_;
  ServerHistory& history_;
  const std::function<ReconnectHooks()> hooks_;
  PostgresQueue queue_;
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> reconnects_{0};
  Outage outage_;
  std::vector<std::thread> threads_;
};

}  // namespace latchkey::db
