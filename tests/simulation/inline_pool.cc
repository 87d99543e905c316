// The pool of threads that hash passwords, without threads: what is handed to it is done at once,
// in no simulated time. It stands in for platform/threads/work_pool.cc, which is then not linked.
#include "platform/threads/work_pool.h"

namespace latchkey::threads {

struct WorkPool::Impl {};

WorkPool::WorkPool(std::size_t /*threads*/, std::size_t /*max_queue*/, int /*nice*/) {}
WorkPool::~WorkPool() = default;

bool WorkPool::post(std::move_only_function<void()> work, Turn /*turn*/,
                    std::move_only_function<void()> /*given_up*/) {
  work();
  return true;
}

std::size_t WorkPool::queued() const { return 0; }
bool WorkPool::crowded() const { return false; }
std::size_t WorkPool::threads() const { return 1; }

}  // namespace latchkey::threads
