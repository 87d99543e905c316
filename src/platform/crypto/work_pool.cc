#include "platform/crypto/work_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace latchkey::crypto {

struct WorkPool::Impl {
  explicit Impl(std::size_t queue) : max_queue(queue) {}

  void work(int nice) {
    // On Linux a niceness belongs to a thread. Raising it is always allowed. From what the
    // process was given: a server that was started with a priority hashes with it too.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), getpriority(PRIO_PROCESS, 0) + nice);
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      auto next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      next();
      next = nullptr;  // what it holds goes before the lock is taken
      lock.lock();
    }
  }

  const std::size_t max_queue;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::move_only_function<void()>> queue;
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

bool WorkPool::post(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping || impl_->queue.size() >= impl_->max_queue) return false;
    impl_->queue.push_back(std::move(work));
  }
  impl_->wake.notify_one();
  return true;
}

std::size_t WorkPool::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

std::size_t WorkPool::threads() const { return impl_->threads.size(); }

}  // namespace latchkey::crypto
