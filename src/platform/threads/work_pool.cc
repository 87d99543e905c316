#include "platform/threads/work_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace latchkey::threads {

struct WorkPool::Impl {
  struct Item {
    std::move_only_function<void()> work;
    std::move_only_function<void()> given_up;
  };

  explicit Impl(std::size_t queue) : max_queue(queue) {}

  std::size_t waiting() const { return first.size() + usual.size(); }

  // What comes next: of what waits in both, each fourth is usual, so that nobody waits for ever.
  Item take() {
    const bool others = first.empty() || (!usual.empty() && taken % 4 == 0);
    ++taken;
    auto& queue = others ? usual : first;
    Item next = std::move(queue.front());
    queue.pop_front();
    return next;
  }

  void work(int nice) {
    // On Linux a niceness belongs to a thread. Raising it is always allowed. From what the
    // process was given: a server that was started with a priority hashes with it too.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), getpriority(PRIO_PROCESS, 0) + nice);
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || waiting() > 0; });
      if (waiting() == 0) return;
      {
        Item next = take();
        lock.unlock();
        next.work();
      }  // what it holds goes before the lock is taken
      lock.lock();
    }
  }

  const std::size_t max_queue;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Item> first;
  std::deque<Item> usual;
  std::size_t taken = 1;
  bool stopping = false;
  std::vector<std::thread> threads;
};

WorkPool::WorkPool(std::size_t threads, std::size_t max_queue, int nice)
    : impl_(std::make_unique<Impl>(max_queue)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    impl_->threads.emplace_back([impl = impl_.get(), nice] { impl->work(nice); });
  }
}

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (auto& thread : impl_->threads) thread.join();
}

bool WorkPool::post(std::move_only_function<void()> work, Turn turn,
                    std::move_only_function<void()> given_up) {
  std::optional<Impl::Item> gives_way;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return false;
    const bool full = impl_->waiting() >= impl_->max_queue;
    if (full) {
      const bool may = turn == Turn::first && !impl_->usual.empty();
      if (!may || !impl_->usual.back().given_up) return false;
      gives_way = std::move(impl_->usual.back());
      impl_->usual.pop_back();
    }
    auto& queue = turn == Turn::first ? impl_->first : impl_->usual;
    queue.push_back({.work = std::move(work), .given_up = std::move(given_up)});
  }
  impl_->wake.notify_one();
  if (gives_way) gives_way->given_up();
  return true;
}

std::size_t WorkPool::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting();
}

bool WorkPool::crowded() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting() >= impl_->max_queue / 2;
}

std::size_t WorkPool::threads() const { return impl_->threads.size(); }

}  // namespace latchkey::threads
