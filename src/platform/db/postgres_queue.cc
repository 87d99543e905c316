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
    items_.push_back(std::move(item));
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
  const auto fits = [&](const PostgresItem& item) { return item.needs_newer_than < made_at; };
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto it = std::ranges::find_if(items_, fits); it != items_.end()) {
      Taken taken{std::move(*it)};
      items_.erase(it);
      return taken;
    }
    if (closing_) return {std::nullopt, true};
    if (arrived_.wait_until(lock, until) == std::cv_status::timeout) return {std::nullopt, false};
  }
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
