#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "platform/task.h"

namespace latchkey::threads {

// Whose turn it is when more waits than the threads can do. What is `first` is done first, except
// for each fourth time; when the queue is full, the newest of the others gives way to it.
enum class Turn { usual, first };

// Threads for what takes long: computing (password hashes), at a low priority so that the server's
// threads go first, or waiting for others (a homeserver). With a bounded queue.
class WorkPool {
 public:
  // At least one thread. `nice` is added to the process's own (setpriority(2)).
  WorkPool(std::size_t threads, std::size_t max_queue, int nice = 10);
  // Finishes what is queued, then joins. The io_contexts of waiting callers must still exist.
  ~WorkPool();

  // Runs fn() on a thread of the pool and resumes on the caller's executor with what it
  // returned (never void); nullopt when the queue is full, at once, or when it gave way to another.
  // An exception of fn is rethrown here.
  template <class Fn>
  Task<std::optional<std::invoke_result_t<Fn&>>> run(Fn fn, Turn turn = Turn::usual);

  // The same, blocking the calling thread.
  template <class Fn>
  std::optional<std::invoke_result_t<Fn&>> run_now(Fn fn);

  // Queues work that does not throw; false when the queue is full or the pool is stopping.
  // `given_up` is called in its place when it gives way; work without it never does.
  bool post(std::move_only_function<void()> work, Turn turn = Turn::usual,
            std::move_only_function<void()> given_up = {});

  std::size_t queued() const;  // waiting for a thread
  // So much waits that it matters whose turn it is.
  bool crowded() const;
  std::size_t threads() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class Fn>
Task<std::optional<std::invoke_result_t<Fn&>>> WorkPool::run(Fn fn, Turn turn) {
  using Result = std::optional<std::invoke_result_t<Fn&>>;
  using Token = boost::asio::use_awaitable_t<Executor>;
  auto start = [this, turn](auto handler, Fn work) {
    auto executor = boost::asio::get_associated_executor(handler);
    // Shared, because the handler is needed both by the queue and by its refusal.
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard = boost::asio::make_work_guard(executor);
    auto answer = [resume, guard = std::move(guard)](std::exception_ptr fault, Result result) {
      boost::asio::post(guard.get_executor(),
                        [resume, fault, result = std::move(result)]() mutable {
                          std::move (*resume)(fault, std::move(result));
                        });
    };
    const bool queued = post(
        [work = std::move(work), answer]() mutable {
          try {
            answer(nullptr, Result(work()));
          } catch (...) {
            answer(std::current_exception(), std::nullopt);
          }
        },
        turn, [answer] { answer(nullptr, std::nullopt); });
    if (!queued) answer(nullptr, std::nullopt);
  };
  Token token;
  co_return co_await boost::asio::async_initiate<Token, void(std::exception_ptr, Result)>(
      std::move(start), token, std::move(fn));
}

template <class Fn>
std::optional<std::invoke_result_t<Fn&>> WorkPool::run_now(Fn fn) {
  using Value = std::invoke_result_t<Fn&>;
  std::packaged_task<Value()> task(std::move(fn));
  auto result = task.get_future();
  if (!post([task = std::move(task)]() mutable { task(); })) return std::nullopt;
  return result.get();
}

}  // namespace latchkey::threads
