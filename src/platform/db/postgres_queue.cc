#include "platform/db/postgres_queue.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace latchkey::db {
namespace {

constexpr const char* closing_reason = "the database is being closed";

}  // namespace

PostgresQueue::PostgresQueue(std::size_t limit, Duration patience)
    : limit_(limit), patience_(patience), expirer_([this] { expire(); }) {
  pthread_setname_np(expirer_.native_handle(), "db-deadlines");
}

PostgresQueue::~PostgresQueue() {
  close();
  expirer_.join();
  drop_rest();
}

void PostgresQueue::push(PostgresItem item) {
  {
    std::unique_lock lock(mutex_);
    if (closing_ || items_.size() >= limit_) {
      const char* reason = closing_ ? closing_reason : "too many operations wait for the database";
      lock.unlock();
      return refuse(std::move(item), reason);
    }
    item.deadline = item.operation.enqueued + patience_;
    const bool gathers = !has_turn(item);
    items_.push_back(std::move(item));
    if (gathers) return;  // to be taken by who is at it now
  }
  arrived_.notify_one();
}

void PostgresQueue::put_back(PostgresItem item) {
  {
    const std::lock_guard lock(mutex_);
    item.needs_newer_than = Clock::now();
    item.deadline = item.needs_newer_than + patience_;
    items_.push_front(std::move(item));
  }
  arrived_.notify_all();
}

PostgresQueue::Taken PostgresQueue::take(Clock::time_point made_at, Duration longest) {
  const auto until = Clock::now() + longest;
  const auto fits = [&](const PostgresItem& item) {
    return item.needs_newer_than < made_at && has_turn(item);
  };
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto it = std::ranges::find_if(items_, fits); it != items_.end()) {
      Taken taken;
      taken.items.push_back(std::move(*it));
      items_.erase(it);
      if (taken.items.front().operation.one != nullptr) gather(taken, made_at);
      return taken;
    }
    if (closing_) return {.items = {}, .closing = true};
    if (arrived_.wait_until(lock, until) == std::cv_status::timeout) return {};
  }
}

// What was tried before goes alone.
void PostgresQueue::gather(Taken& taken, Clock::time_point made_at) {
  const bool write = taken.items.front().write;
  ++gathering_[write ? 1 : 0];
  if (taken.items.front().retried) return;
  std::deque<PostgresItem> rest;
  for (PostgresItem& item : items_) {
    const bool joins = item.operation.one != nullptr && item.write == write && !item.retried &&
                       item.needs_newer_than < made_at && taken.items.size() < largest_batch;
    (joins ? taken.items.emplace_back(std::move(item)) : rest.emplace_back(std::move(item)));
  }
  items_.swap(rest);
}

void PostgresQueue::done(const Taken& taken) {
  if (taken.items.empty() || taken.items.front().operation.one == nullptr) return;
  const std::lock_guard lock(mutex_);
  --gathering_[taken.items.front().write ? 1 : 0];
}

void PostgresQueue::abandoned(const Taken& taken) {
  done(taken);
  arrived_.notify_all();
}

bool PostgresQueue::closing_within(Duration span) {
  const auto until = Clock::now() + span;
  std::unique_lock lock(mutex_);
  return closed_.wait_until(lock, until, [&] { return closing_; });
}

void PostgresQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  arrived_.notify_all();
  closed_.notify_all();
}

void PostgresQueue::drop_rest() {
  std::deque<PostgresItem> rest;
  {
    const std::lock_guard lock(mutex_);
    rest.swap(items_);
  }
  for (PostgresItem& item : rest) refuse(std::move(item), closing_reason);
}

std::size_t PostgresQueue::size() const {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

void PostgresQueue::expire() {
  while (!closing_within(std::max(patience_ / 8, Duration{5}))) {
    for (PostgresItem& item : remove_expired(Clock::now())) {
      refuse(std::move(item), "the database does not answer");
    }
  }
}

std::vector<PostgresItem> PostgresQueue::remove_expired(Clock::time_point now) {
  std::vector<PostgresItem> expired;
  const std::lock_guard lock(mutex_);
  std::deque<PostgresItem> kept;
  for (PostgresItem& item : items_) {
    if (item.deadline <= now) {
      expired.push_back(std::move(item));
    } else {
      kept.push_back(std::move(item));
    }
  }
  items_.swap(kept);
  return expired;
}

void PostgresQueue::refuse(PostgresItem item, const char* reason) {
  ++failures_;
  item.operation.done(std::make_exception_ptr(Unavailable(reason)));
}

}  // namespace latchkey::db
