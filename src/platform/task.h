#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace latchkey {

// The coroutine type of everything that waits. The concrete executor, rather than
// any_io_executor, spares a virtual call and an allocation for each resumption.
using Executor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace latchkey
